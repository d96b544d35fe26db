import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'

interface LockHolder {
  readonly name: string
  readonly pid: number
}

/**
 * Returns the process that holds a lock on a file (proc(5), /proc/locks: the fifth column is the pid, the sixth device and
 * inode); undefined if the system does not tell.
 */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const { ino } = statSync(path)
    const line = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .find((text) => text.split(/\s+/).some((word) => word.endsWith(`:${ino}`)) && text.includes('WRITE'))
    const pid = Number(line?.trim().split(/\s+/)[4])
    if (!Number.isInteger(pid) || pid <= 0) return undefined
    return { name: nameOf(pid), pid }
  } catch {
    return undefined
  }
}

/** The program, or the title that it gave itself if the program file is not visible to this user. */
function nameOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`))
  } catch {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  }
}
