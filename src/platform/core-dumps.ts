import { writeFileSync } from 'node:fs'

/**
 * Leaves this process's memory, in which instances are in clear for a while, out of core dumps, and that of its children
 * (core(5), "Controlling which mappings are written to the core dump"). Registers and a list of mappings remain. Only
 * Linux has this; elsewhere, and where /proc is not writable, nothing is changed and core dumps must be switched off outside.
 */
export function leaveMemoryOutOfCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // No Linux, or no /proc.
  }
}
