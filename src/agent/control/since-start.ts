import type { AgentStatus } from '../../protocol/control-api.ts'

/** Number of different codes that are distinguished for one count; a caller cannot make more. */
const CODES = 64
const OTHER = 'OTHER'

/** Longer counts of the same events. */
interface EventHistory {
  turnedAway(): void
  failed(): void
}

/** Counts events of this process for its status; a restart begins again at 0. */
export class SinceStart {
  #packs = 0
  #delivered = 0
  #receipts = 0
  readonly #rejected = new Map<string, number>()
  readonly #refused = new Map<string, number>()
  readonly #failed = new Map<string, number>()
  readonly #history: EventHistory | undefined

  constructor(history?: EventHistory) {
    this.#history = history
  }

  /** A pack arrived at the center, with this many instances that it took. */
  packDelivered(instances: number): void {
    this.#packs++
    this.#delivered += instances
  }

  receiptBelieved(): void {
    this.#receipts++
  }

  /** An association was rejected; `kind` as in a device's problem. */
  associationRejected(kind: string): void {
    add(this.#rejected, kind)
    this.#history?.turnedAway()
  }

  /** An instance was answered with a failure: its code, or the DICOM status in hexadecimal. */
  instanceRefused(code: string): void {
    add(this.#refused, code)
    this.#history?.turnedAway()
  }

  requestFailed(code: string): void {
    add(this.#failed, code)
    this.#history?.failed()
  }

  view(): AgentStatus['sinceStart'] {
    return {
      packs: this.#packs,
      delivered: this.#delivered,
      receipts: this.#receipts,
      rejectedAssociations: Object.fromEntries(this.#rejected),
      refusedInstances: Object.fromEntries(this.#refused),
      failedRequests: Object.fromEntries(this.#failed),
    }
  }
}

/** A code has letters, digits, `_` and `-`; words that a peer chose count as others. */
function add(counts: Map<string, number>, code: string): void {
  const isCode = /^[\w-]{1,40}$/.test(code) && (counts.has(code) || counts.size < CODES)
  const key = isCode ? code : OTHER
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
