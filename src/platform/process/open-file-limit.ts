import { readFileSync } from 'node:fs'

/**
 * Returns how many descriptors this process may have open. Node raises its soft limit to the hard one when it starts.
 * Returns Infinity if the system does not say (only Linux does).
 */
export function openFileLimit(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
    return soft === undefined ? Infinity : Number(soft)
  } catch {
    return Infinity
  }
}
