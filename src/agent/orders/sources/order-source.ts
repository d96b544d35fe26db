import type { Order } from '../order.ts'

/** The answer of a source. */
export interface SourceAnswer {
  readonly orders: readonly Order[]
  /** Orders that the system has cancelled. */
  readonly cancelled: readonly Order[]
  /** The first fault that did not spoil the rest, in words without patient data. */
  readonly problem?: string
}

/** A system that is asked for its orders. */
export interface PolledSource {
  readonly everyMs: number
  /**
   * Returns the orders that the system has now; undefined if nothing has changed since the last answer. Throws
   * ORDERS_UNREACHABLE, ORDERS_REFUSED, ORDERS_INVALID, or a failure of the line. Aborted by `signal`.
   */
  ask(signal: AbortSignal): Promise<SourceAnswer | undefined>
}
