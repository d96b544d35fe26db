import { userInfo } from 'node:os'
import type { Terminal } from './terminal.ts'

/** Returns the name of the person at the keyboard: under sudo not of the user that the command runs as. */
export function osUser({ environment }: Pick<Terminal, 'environment'>): string {
  const sudoUser = environment['SUDO_USER']
  if (sudoUser !== undefined && sudoUser !== '') return sudoUser
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
