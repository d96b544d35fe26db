import type { MemberOutcome, PackRecord } from '../queue/packs.ts'

/** Where instances go. The dispatcher knows nothing else of it; every kind of destination passes the same suite. */
export interface Destination {
  readonly name: string
  /** 'end-to-end': sealed for the far side alone. 'readable': this machine can open what waits for it. */
  readonly sealing: 'end-to-end' | 'readable'
  /**
   * Brings a pack over, or goes on where an earlier try broke off, and says what became of each member. Throws a Failure
   * only for what concerns the destination or the line, never for a single instance. Calls `reached` with the number of
   * bytes of the pack that are known to be there, as often as it learns it.
   */
  deliver(pack: PackRecord, reached: (bytes: number) => void, signal: AbortSignal): Promise<MemberOutcome[]>
  /** Resolves if the destination would take something now; throws the Failure that prevents it. */
  probe(signal: AbortSignal): Promise<void>
}
