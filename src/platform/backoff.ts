/**
 * No wait of Ferry's is longer. A time to try again that was written down by the wall clock and lies further off than
 * this was written by a clock that has jumped back since: whoever reads it takes it as due.
 */
export const LONGEST_WAIT_MS = 15 * 60_000

/** How long to wait before attempt `attempts + 1`: doubling from `firstMs`, never over `capMs`, half of it by chance. */
export function backoffMs(attempts: number, firstMs: number, capMs: number): number {
  const full = Math.min(capMs, LONGEST_WAIT_MS, firstMs * 2 ** Math.min(attempts, 30))
  // Jitter, so that twelve clinics do not knock at the same moment when the center is back.
  return Math.round(full / 2 + Math.random() * (full / 2))
}
