import { readFileSync } from 'node:fs'

/** A user of /etc/passwd. */
interface OsUser {
  readonly name: string
  readonly uid: number
}

/** Finds a user of this machine by name or number; undefined if the system's list does not have it. */
export function osUserOf(which: string | number): OsUser | undefined {
  const line = lines().find(([name, , uid]) =>
    typeof which === 'number' ? uid === `${which}` : name === which,
  )
  return line === undefined ? undefined : { name: line[0] ?? '', uid: Number(line[2]) }
}

export const osUserName = (uid: number): string => osUserOf(uid)?.name ?? `user id ${uid}`

function lines(): string[][] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
  } catch {
    return []
  }
}
