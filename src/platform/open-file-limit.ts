import { readFileSync } from 'node:fs'

/**
 * How many descriptors this process may have open. Node raises its soft limit to the hard one when it starts. Returns
 * Infinity where the system does not tell (only Linux does).
 */
export function openFileLimit(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
    return soft === undefined ? Infinity : Number(soft)
  } catch {
    return Infinity
  }
}
