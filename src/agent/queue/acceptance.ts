import { Failure, storageFailure } from '../../platform/failure.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { LateRows } from './late-rows.ts'
import type { HeldFiles } from './spool/held-files.ts'
import type { Acceptance, Observed, SealedInstance } from './spool/sealed-instance.ts'
import type { Spool, SpoolName } from './spool/spool.ts'

interface Waiting {
  readonly instance: SealedInstance
  readonly resolve: (acceptance: Acceptance) => void
  readonly reject: (failure: Failure) => void
}

interface WaitingFile extends Waiting {
  /** The value of {@link AcceptanceGroup.failedSyncs} when its file was created. */
  readonly failedSyncs: number
}

interface WaitingImage extends Waiting {
  readonly image: readonly Buffer[]
}

/**
 * The group commit: all instances that finish at about the same time share one write and one sync of a segment, or, if
 * they have files of their own, one folder sync. When `accept` resolves, the instance survives loss of power and loss of
 * the database: its sealed bytes are enough to rebuild the row, which {@link LateRows} may write a little later.
 */
export class AcceptanceGroup {
  readonly #spool: Spool
  readonly #rows: LateRows
  readonly #held: HeldFiles
  /** Two groups: a segment that syncs for long does not delay files, nor they it. */
  readonly #files = new Groups<WaitingFile>((group) => this.#acceptFiles(group))
  readonly #images = new Groups<WaitingImage>((group) => this.#acceptImages(group))
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
   * Accepts an instance whose file is whole, data synced. Rejects with STORAGE_FULL, STORAGE_ERROR or DATABASE_ERROR; the
   * caller then removes the file and refuses. After a failed folder sync the next one may succeed without having written
   * the names that were new before it, so a file that was created before the failure is refused too, even if it is
   * complete much later.
   */
  async accept(instance: SealedInstance, failedSyncs = this.#failedSyncs): Promise<Acceptance> {
    const { envelope, observed } = instance
    await this.holdBack(envelope.ulid, observed, Date.parse(envelope.arrivedAt))
    return await this.#files.join({ instance, failedSyncs })
  }

  /**
   * Writes an instance into a segment and accepts it. Instances that are given in one turn of the event loop are in one
   * group: all of them are on the disk, or none. `image` must stay as it is until this settles. Rejects as {@link accept}
   * does. One that a check holds must have a file of its own instead.
   */
  acceptImage(instance: SealedInstance, image: readonly Buffer[]): Promise<Acceptance> {
    return this.#images.join({ instance, image })
  }

  async #acceptFiles(all: readonly WaitingFile[]): Promise<void> {
    const group = all.filter(({ failedSyncs }) => failedSyncs === this.#failedSyncs)
    for (const waiting of all) if (!group.includes(waiting)) waiting.reject(doubtfulName())
    try {
      await this.#syncNames(group.map(nameOf))
      this.#enter(group)
    } catch (error) {
      refuse(group, error)
    }
  }

  async #acceptImages(group: readonly WaitingImage[]): Promise<void> {
    try {
      // A record cannot be taken back: nothing is written that the index is known to refuse.
      this.#rows.checkIndex()
      const { places, end } = await this.#spool.append(group.map(({ image }) => image))
      const placed = group.map((waiting, i) => ({
        ...waiting,
        instance: { ...waiting.instance, ...(places[i] && { place: places[i] }) },
      }))
      try {
        this.#enter(placed)
      } finally {
        // Refused rows wait, or their instances are refused: either way all of the group is decided.
        this.#rows.reached(end)
      }
    } catch (error) {
      refuse(group, error)
    }
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

/** Instances that come while a group is at work form the next group. */
class Groups<Item extends Waiting> {
  readonly #accept: (group: readonly Item[]) => Promise<void>
  #waiting: Item[] = []
  #running = false

  /** `accept` settles each of the group, and never rejects. */
  constructor(accept: (group: readonly Item[]) => Promise<void>) {
    this.#accept = accept
  }

  join(item: Omit<Item, 'resolve' | 'reject'>): Promise<Acceptance> {
    return new Promise((resolve, reject) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two fields that were left out
      this.#waiting.push({ ...item, resolve, reject } as Item)
      if (this.#running) return
      this.#running = true
      queueMicrotask(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#accept(group)
    }
    this.#running = false
  }
}

/** Instances that were accepted before the error remain accepted. */
function refuse(group: readonly Waiting[], error: unknown): void {
  const failure = storageFailure(error, 'taking instances on')
  for (const waiting of group) waiting.reject(failure)
}

function doubtfulName(): Failure {
  return new Failure('STORAGE_ERROR', 'taking an instance on: syncing folders failed while it was written')
}
