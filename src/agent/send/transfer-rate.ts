import type { Clock } from '../../platform/clock.ts'

const SLOT_MS = 1000
/** The rate is the mean of this time: long enough for the acknowledgements of large chunks. */
const WINDOW_MS = 30_000

/** The rate at which bytes have reached the center lately. */
export class TransferRate {
  readonly #clock: Clock
  readonly #slots: { readonly startMs: number; bytes: number }[] = []
  #busySinceMs: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sending has begun after a pause. */
  begin(): void {
    this.#busySinceMs ??= this.#clock.monotonicMs()
  }

  /** Nothing is being sent any more. */
  end(): void {
    this.#busySinceMs = undefined
    this.#slots.length = 0
  }

  add(bytes: number): void {
    const now = this.#clock.monotonicMs()
    const last = this.#slots.at(-1)
    if (last !== undefined && now - last.startMs < SLOT_MS) last.bytes += bytes
    else this.#slots.push({ startMs: now, bytes })
    this.#forget(now)
  }

  /** Null while it is not known: nothing is sent, or sending has only begun. */
  get bytesPerSecond(): number | null {
    const now = this.#clock.monotonicMs()
    this.#forget(now)
    if (this.#busySinceMs === undefined) return null
    const ms = Math.min(WINDOW_MS, now - this.#busySinceMs)
    const bytes = this.#slots.reduce((sum, slot) => sum + slot.bytes, 0)
    return ms < SLOT_MS || bytes === 0 ? null : (bytes / ms) * 1000
  }

  #forget(now: number): void {
    while ((this.#slots[0]?.startMs ?? now) < now - WINDOW_MS) this.#slots.shift()
  }
}
