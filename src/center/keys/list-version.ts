/** A clock of the year 2106 or later counts as that year, so that versions above it can always be issued. */
const LATEST_S = 2 ** 32 - 1

/**
 * Returns the minimum version of a key list that is issued now: seconds since 1970. Time does not go back with a
 * register that was restored from a backup, so no version is issued for two lists.
 */
export function listVersionAt(nowMs: number): number {
  return Math.min(LATEST_S, Math.max(0, Math.floor(nowMs / 1000)))
}
