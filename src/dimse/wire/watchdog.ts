import type { Clock, Timer } from '../../platform/clock.ts'

/**
 * One deadline that moves often. Setting it is an assignment: the underlying timer is renewed only if it fires too
 * early, so that a deadline per PDU costs almost nothing.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #expired: (waitedFor: string) => void
  #waitedFor = ''
  #deadlineMs = Infinity
  #timer: { readonly atMs: number; readonly timer: Timer } | undefined

  constructor(clock: Clock, expired: (waitedFor: string) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  /** Calls `expired(waitedFor)` once, unless it is set again or stopped within `delayMs`. */
  set(delayMs: number, waitedFor: string): void {
    this.#waitedFor = waitedFor
    this.#deadlineMs = this.#clock.monotonicMs() + delayMs
    if (this.#timer !== undefined && this.#timer.atMs <= this.#deadlineMs) return
    this.#timer?.timer.cancel()
    this.#arm()
  }

  /** Waits for nothing until it is set again. */
  stop(): void {
    this.#deadlineMs = Infinity
  }

  /** Stops and releases the timer. */
  close(): void {
    this.stop()
    this.#timer?.timer.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    const timer = this.#clock.after(this.#deadlineMs - this.#clock.monotonicMs(), () => this.#fired())
    this.#timer = { atMs: this.#deadlineMs, timer }
  }

  #fired(): void {
    this.#timer = undefined
    if (this.#deadlineMs === Infinity) return
    if (this.#clock.monotonicMs() < this.#deadlineMs) return this.#arm()
    this.stop()
    this.#expired(this.#waitedFor)
  }
}
