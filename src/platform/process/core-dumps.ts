import { writeFileSync } from 'node:fs'

/**
 * Excludes the memory of this process and its children, in which instances are in clear for a while, from core dumps
 * (core(5), "Controlling which mappings are written to the core dump"). Registers and a list of mappings remain. Only
 * Linux has this; elsewhere, and if /proc is not writable, nothing is changed and core dumps must be switched off
 * externally.
 */
export function leaveMemoryOutOfCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // Not Linux, or /proc is missing.
  }
}
