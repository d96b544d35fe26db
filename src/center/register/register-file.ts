import { statSync } from 'node:fs'
import { join } from 'node:path'

export const REGISTER_FILE = 'register.sqlite'

/** An empty file is not a register: SQLite would treat it as a new one. */
export function hasRegister(folder: string): boolean {
  return (statSync(join(folder, REGISTER_FILE), { throwIfNoEntry: false })?.size ?? 0) > 0
}
