/**
 * Longer than any wait of Ferry. If a retry time, written by the wall clock, is further in the future than this, the
 * clock has jumped back since: readers treat it as due.
 */
export const LONGEST_WAIT_MS = 15 * 60_000

/** Returns the wait before attempt `attempts + 1`: doubling from `firstMs`, never over `capMs`, half of it random. */
export function backoffMs(attempts: number, firstMs: number, capMs: number): number {
  const full = Math.min(capMs, LONGEST_WAIT_MS, firstMs * 2 ** Math.min(attempts, 30))
  // Jitter, so that twelve clinics do not call at the same moment when the center is back.
  return Math.round(full / 2 + Math.random() * (full / 2))
}
