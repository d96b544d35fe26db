import { Failure, storageFailure } from '../../platform/failure.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { LateRows } from './late-rows.ts'
import type { HeldFiles } from './spool/held-files.ts'
import type { Acceptance, Observed, SealedInstance } from './spool/sealed-instance.ts'
import type { Spool, SpoolName } from './spool/spool.ts'

interface Waiting {
  instance: SealedInstance
  /** The value of {@link AcceptanceGroup.failedSyncs} when its file was created. */
  failedSyncs: number
  resolve: (acceptance: Acceptance) => void
  reject: (failure: Failure) => void
}

/**
 * The group commit: all instances that finish at about the same time share one folder sync. When `accept` resolves, the
 * instance survives loss of power (its data was synced by the writer, its name by the folder sync here) and loss of the
 * database (the spool file is enough to rebuild the row, which {@link LateRows} may write a little later).
 */
export class AcceptanceGroup {
  readonly #spool: Spool
  readonly #rows: LateRows
  readonly #held: HeldFiles
  #waiting: Waiting[] = []
  #running = false
  #failedSyncs = 0

  constructor(spool: Spool, rows: LateRows, held: HeldFiles) {
    this.#spool = spool
    this.#rows = rows
    this.#held = held
  }

  /** Number of failed folder syncs: note it before a file is created, and pass it to {@link accept}. */
  get failedSyncs(): number {
    return this.#failedSyncs
  }

  /**
   * If a check holds the instance, writes its `.held` file, which is on the disk when this resolves. Call it before the
   * spool file gets its trailer: a file that counts as whole then always has its `.held` file, whenever the machine
   * dies. Rejects with STORAGE_FULL or STORAGE_ERROR, and the instance must then be refused.
   */
  async holdBack(ulid: Ulid, observed: Observed | undefined, now: number): Promise<void> {
    if (observed?.hold === undefined) return
    const isNew = await this.#held.write(ulid, { ...observed, hold: observed.hold }, now)
    if (!isNew) return
    try {
      await this.#syncNames([{ ulid, syncsBegun: Number.POSITIVE_INFINITY }])
    } catch (error) {
      await this.#spool.removeHeld(ulid).catch(() => {})
      throw storageFailure(error, 'holding an instance back')
    }
  }

  /**
   * Rejects with STORAGE_FULL, STORAGE_ERROR or DATABASE_ERROR; the caller then removes the file and refuses. After a
   * failed folder sync the next one may succeed without having written the names that were new before it, so a file
   * that was created before the failure is refused too, even if it is complete much later.
   */
  async accept(instance: SealedInstance, failedSyncs = this.#failedSyncs): Promise<Acceptance> {
    const { envelope, observed } = instance
    await this.holdBack(envelope.ulid, observed, Date.parse(envelope.arrivedAt))
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ instance, failedSyncs, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const all = this.#waiting
      this.#waiting = []
      const group = all.filter(({ failedSyncs }) => failedSyncs === this.#failedSyncs)
      for (const waiting of all) if (!group.includes(waiting)) waiting.reject(doubtfulName())
      try {
        await this.#syncNames(group.map(nameOf))
        this.#enter(group)
      } catch (error) {
        // Instances that were accepted before the error remain accepted.
        const failure = storageFailure(error, 'taking instances on')
        for (const waiting of group) waiting.reject(failure)
      }
    }
    this.#running = false
  }

  #enter(group: readonly Waiting[]): void {
    const atOnce: Waiting[] = []
    for (const waiting of group) {
      if (this.#rows.wait(waiting.instance)) waiting.resolve('new')
      else atOnce.push(waiting)
    }
    if (atOnce.length === 0) return
    const outcomes = this.#rows.insert(atOnce.map(({ instance }) => instance))
    for (const [i, outcome] of outcomes.entries()) atOnce[i]?.resolve(outcome)
  }

  async #syncNames(names: readonly SpoolName[]): Promise<void> {
    try {
      await this.#spool.syncNames(names)
    } catch (error) {
      this.#failedSyncs++
      throw error
    }
  }
}

const nameOf = ({ instance: { envelope, syncsBegun = Number.POSITIVE_INFINITY } }: Waiting): SpoolName => ({
  ulid: envelope.ulid,
  syncsBegun,
})

function doubtfulName(): Failure {
  return new Failure('STORAGE_ERROR', 'taking an instance on: syncing folders failed while it was written')
}
