import { type Failure, storageFailure } from '../../platform/failure.ts'
import type { Envelope, Trailer } from '../../protocol/spool-file.ts'
import type { InstanceIndex } from './instance-index.ts'
import type { Spool } from './spool.ts'

/** A complete, data-synced spool file that waits to be taken on. */
export interface SealedInstance {
  path: string
  envelope: Envelope
  trailer: Trailer
}

/**
 * What taking an instance on came to. 'known': the same UID with the same bytes is here already, so the new file is not
 * wanted. 'conflict': the same UID came before with other bytes; both are kept.
 */
export type Acceptance = 'new' | 'known' | 'conflict'

interface Waiting {
  instance: SealedInstance
  resolve: (acceptance: Acceptance) => void
  reject: (failure: Failure) => void
}

/**
 * The group commit: everything that finished meanwhile shares one folder sync and one database transaction. When `accept`
 * resolves, the instance survives loss of power (its data was synced by the writer, its name by the folder sync here) and
 * loss of the database (the spool file is enough to rebuild the row).
 */
export class AcceptanceGroup {
  readonly #spool: Spool
  readonly #index: InstanceIndex
  #waiting: Waiting[] = []
  #running = false

  constructor(spool: Spool, index: InstanceIndex) {
    this.#spool = spool
    this.#index = index
  }

  /** Rejects with STORAGE_FULL, STORAGE_ERROR or DATABASE_ERROR; the caller then removes the file and refuses. */
  accept(instance: SealedInstance): Promise<Acceptance> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ instance, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#spool.syncNames(group.map(({ instance }) => instance.envelope.ulid))
        const outcomes = this.#index.insert(group.map(({ instance }) => instance))
        for (const [i, outcome] of outcomes.entries()) group[i]?.resolve(outcome)
      } catch (error) {
        const failure = storageFailure(error, 'taking instances on')
        for (const waiting of group) waiting.reject(failure)
      }
    }
    this.#running = false
  }
}
