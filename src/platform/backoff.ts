/** How long to wait before attempt `attempts + 1`: doubling from `firstMs`, never over `capMs`, half of it by chance. */
export function backoffMs(attempts: number, firstMs: number, capMs: number): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempts, 30))
  // Jitter, so that twelve clinics do not knock at the same moment when the center is back.
  return Math.round(full / 2 + Math.random() * (full / 2))
}
