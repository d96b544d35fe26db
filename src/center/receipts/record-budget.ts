import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'

const HOUR_MS = 3_600_000

/**
 * Limits the growth of the register caused by one agent: by manifests, by announcements, and by answers about members
 * that were not stored. An agent that has used up its hour's share must wait; further requests cost nothing.
 */
export class RecordBudget {
  readonly #bytesPerHour: number
  readonly #clock: Clock
  readonly #left = new Map<string, { bytes: number; atMs: number }>()

  constructor(bytesPerHour: number, clock: Clock) {
    this.#bytesPerHour = bytesPerHour
    this.#clock = clock
  }

  /** Throws CENTER_BUSY if the agent's share is used up. */
  check(agent: string, attempted: string): void {
    if (this.#leftOf(agent) > 0) return
    throw new Failure(
      'CENTER_BUSY',
      `${attempted}: the agent has made the register grow by its limit for an hour`,
    )
  }

  /** The last charge may exceed the share: waiting compensates for it. */
  charge(agent: string, bytes: number): void {
    this.#left.set(agent, { bytes: this.#leftOf(agent) - bytes, atMs: this.#clock.monotonicMs() })
  }

  #leftOf(agent: string): number {
    const before = this.#left.get(agent)
    if (before === undefined) return this.#bytesPerHour
    const passedMs = this.#clock.monotonicMs() - before.atMs
    return Math.min(this.#bytesPerHour, before.bytes + (this.#bytesPerHour * passedMs) / HOUR_MS)
  }
}
