import type { MemberOutcome, PackRecord } from '../queue/packs.ts'

/** The name of the center in the queue's tables: the one destination of today. */
export const CENTER = 'center'

/** A destination of instances, as far as the dispatcher knows it. */
export interface Destination {
  readonly name: string
  /**
   * Brings a pack over, or goes on where an earlier attempt broke off, and resolves to the result of each member. Throws a Failure
   * only for what concerns the destination or the line, never for a single instance. Calls `reached` with the number of
   * bytes of the pack that are known to be there, as often as it learns it.
   */
  deliver(pack: PackRecord, reached: (bytes: number) => void, signal: AbortSignal): Promise<MemberOutcome[]>
  /** Resolves if the destination would take something now; throws the Failure that prevents it. */
  probe(signal: AbortSignal): Promise<void>
}
