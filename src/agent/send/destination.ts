import type { MemberOutcome, PackRecord } from '../queue/packs.ts'

/** The name of the center in the queue's tables; it is the only destination. */
export const CENTER = 'center'

/**
 * The methods of a destination that the dispatcher calls. `CenterUpload` is the one implementation of the product; the
 * dispatcher's tests put in another one, whose answers and failures they choose.
 */
export interface Destination {
  readonly name: string
  /**
   * Sends a pack, or continues after an interrupted attempt, and resolves to the result of each member. Throws a
   * Failure only for faults of the destination or the line, never for a single instance. Calls `reached` with the
   * number of bytes of the pack that are known to be there, each time it learns the number.
   */
  deliver(pack: PackRecord, reached: (bytes: number) => void, signal: AbortSignal): Promise<MemberOutcome[]>
  /** Resolves if the destination would accept instances now; throws the Failure that prevents it. */
  probe(signal: AbortSignal): Promise<void>
}
