import type { Recipient } from '../../age/x25519-keys.ts'
import { encodePart10Header } from '../../dicom/read/part10.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Envelope, Trailer } from '../../protocol/spool-file.ts'
import { newUlid, type Ulid } from '../../protocol/ulid.ts'
import type { PreparedSealers } from '../envelope/prepared-sealers.ts'
import { SpoolFileSealer } from '../envelope/seal-spool-file.ts'
import { versionOf } from '../queue/instance-version.ts'
import { isHeldWhole } from '../queue/known-copy.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { Acceptance, Observed, SealedInstance } from '../queue/spool/sealed-instance.ts'
import type { SpoolDraft } from '../queue/spool/spool-draft.ts'
import { EditedNames } from './edited-names.ts'
import type { OriginalDigest } from './original-digest.ts'
import type { DataSetChange, Treatment } from './treatment.ts'

export interface SpoolCopyOptions {
  readonly queue: Queue
  readonly clock: Clock
  /** Returns the recipients that instances are sealed to at this moment. */
  readonly recipients: () => readonly Recipient[]
  readonly sealers: PreparedSealers
}

type Base = Omit<Envelope, keyof Treatment['names'] | 'ulid' | 'policy' | 'part10HeaderBytes'>

/** A copy that is in the queue now, or was already there. */
export interface TakenCopy {
  readonly envelope: Envelope
  readonly trailer: Trailer
  readonly acceptance: Acceptance | 'repeat'
}

/**
 * One sealed copy of an instance: the input is changed if the treatment says so, sealed, and kept or written. A fault
 * becomes its own `failure` and does not affect other copies of the instance.
 */
export class SpoolCopy {
  readonly treatment: Treatment
  readonly #options: SpoolCopyOptions
  readonly #base: Base
  readonly #original: OriginalDigest | undefined
  #edited: EditedNames | undefined
  #sealed: { sealer: SpoolFileSealer; draft: SpoolDraft; envelope: Envelope; failedSyncs: number } | undefined
  #ending: { trailer: Trailer; observed?: Observed; isRepeat: boolean } | undefined
  #failure: Failure | undefined

  /** `original` has taken all bytes before {@link commit} is called; undefined if no copy is the original. */
  constructor(
    treatment: Treatment,
    base: Base,
    original: OriginalDigest | undefined,
    options: SpoolCopyOptions,
  ) {
    this.treatment = treatment
    this.#base = base
    this.#original = original
    this.#options = options
  }

  get failure(): Failure | undefined {
    return this.#failure
  }

  /**
   * Takes the next bytes of the data set. A returned promise asks the caller to wait until it resolves; it never
   * rejects.
   */
  push(chunk: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) return undefined
    try {
      const { change } = this.treatment
      if (change === undefined) return this.#seal([chunk])
      // Rules may keep a part of it until they can decide.
      return this.#sealEdited(change, change.push(Buffer.from(chunk)))
    } catch (error) {
      return this.#fail(error)
    }
  }

  /**
   * Called when all bytes have arrived: seals the end, and finds out whether the queue has these bytes already. Throws its
   * failure. Then {@link commit} makes the copy durable.
   */
  async prepare(observed?: Observed): Promise<void> {
    await this.#finishChange()
    if (this.#failure !== undefined) throw this.#failure
    if (this.#sealed === undefined) throw new Failure('INTERNAL', 'taking an instance: it was never begun')
    const { sealer, draft, envelope } = this.#sealed
    const { blocks, trailer } = sealer.finish()
    const { queue } = this.#options
    const version = versionOf(envelope, trailer)
    this.#ending = { trailer, ...(observed && { observed }), isRepeat: await isHeldWhole(queue, version) }
    if (this.#ending.isRepeat) return
    // The blocks include the trailer, which makes the copy count as whole at the next start.
    await this.treatment.prepared?.()
    if (observed?.hold !== undefined) {
      // The file that holds it back lies beside a file of its own.
      draft.ownFile()
      await queue.acceptance.holdBack(envelope.ulid, observed, this.#options.clock.now())
    }
    await draft.push(blocks)
  }

  /**
   * Makes the copy durable and adds it to the queue, after {@link prepare}. Copies that are committed in one turn of the
   * event loop are on the disk together. Throws its failure.
   */
  async commit(): Promise<TakenCopy> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#sealed === undefined || this.#ending === undefined)
      throw new Failure('INTERNAL', 'taking an instance: it was never prepared')
    const { draft, envelope } = this.#sealed
    const { trailer, observed, isRepeat } = this.#ending
    const { queue } = this.#options
    if (isRepeat) {
      queue.index.countRepeat(versionOf(envelope, trailer))
      await draft.discard()
      return { envelope, trailer, acceptance: 'repeat' }
    }
    const instance = { envelope, trailer, ...(observed && { observed }) }
    const acceptance = await (draft.image === undefined
      ? this.#acceptFile(draft, instance)
      : this.#acceptImage(draft, draft.image, instance))
    if (acceptance === 'known') await queue.spool.remove(envelope.ulid)
    else this.#tell(envelope.ulid, trailer)
    return { envelope, trailer, acceptance }
  }

  async discard(): Promise<void> {
    const sealed = this.#sealed
    await sealed?.draft.discard()
    // The file that holds it back is removed after the spool file, and stays if that cannot be removed.
    if (sealed !== undefined) await this.#options.queue.spool.remove(sealed.envelope.ulid).catch(() => {})
  }

  async #finishChange(): Promise<void> {
    const { change } = this.treatment
    if (change === undefined || this.#failure !== undefined) return
    try {
      await this.#sealEdited(change, change.finish())
      if (this.#sealed === undefined) await this.#seal(this.#edited?.rest() ?? [])
    } catch (error) {
      this.#fail(error)
    }
  }

  async #acceptFile(draft: SpoolDraft, instance: SealedInstance): Promise<Acceptance> {
    const { queue, sealers } = this.#options
    await draft.ownFile().finish(() => sealers.prepare())
    const { syncsBegun } = draft
    const acceptance = await queue.acceptance.accept({ ...instance, syncsBegun }, this.#sealed?.failedSyncs)
    // The file belongs to the queue now: no later fault may remove it.
    this.#sealed = undefined
    return acceptance
  }

  async #acceptImage(
    draft: SpoolDraft,
    image: readonly Buffer[],
    instance: SealedInstance,
  ): Promise<Acceptance> {
    const { queue, sealers } = this.#options
    // Its memory belongs to the group now: a discard must not give it to another instance.
    this.#sealed = undefined
    try {
      const accepted = queue.acceptance.acceptImage(instance, image)
      sealers.prepare()
      return await accepted
    } finally {
      draft.release()
    }
  }

  #tell(ulid: Ulid, trailer: Trailer): void {
    const before = this.#original?.hex()
    const after = trailer.dataSetSha256
    this.treatment.taken?.(ulid, { ...(before !== undefined && { before }), after })
  }

  /** Writes the envelope once the edited data set has shown its UIDs, or at its end. */
  #sealEdited(change: DataSetChange, edited: Buffer[]): Promise<void> | undefined {
    if (this.#sealed !== undefined) return this.#seal(edited)
    if (edited.length === 0) return undefined
    this.#edited ??= new EditedNames(change.transferSyntaxUid)
    return this.#seal(this.#edited.push(edited) ?? [])
  }

  #seal(plaintext: Buffer[]): Promise<void> | undefined {
    if (plaintext.length === 0) return undefined
    const begun = this.#sealed === undefined ? this.#begin() : undefined
    const { sealer, draft } = this.#sealed ?? this.#missing()
    const written = plaintext.map((piece) => draft.push(sealer.push(piece)))
    const behind = [begun, ...written].filter((promise) => promise !== undefined)
    if (behind.length === 0) return undefined
    return Promise.all(behind).then(
      () => undefined,
      (error: unknown) => this.#fail(failureFrom(error, 'STORAGE_ERROR', 'writing an instance')),
    )
  }

  /** The UIDs are known: the envelope can be written. */
  #begin(): Promise<void> | undefined {
    const { queue, clock, recipients, sealers } = this.#options
    const { policy, change } = this.treatment
    const ulid = newUlid(clock.now())
    const transferSyntaxUid = change?.transferSyntaxUid ?? this.#base.transferSyntaxUid
    const plain = { sopClassUid: this.#base.sopClassUid, ...this.treatment.names }
    const names = this.#edited?.names(plain) ?? plain
    const { sopClassUid, sopInstanceUid } = names
    const part10Header = encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })
    const part10HeaderBytes = part10Header.length
    const envelope = { ...this.#base, ...names, ulid, policy, transferSyntaxUid, part10HeaderBytes }
    // An unchanged copy has the digest of its original.
    const digest = change === undefined ? this.#original : undefined
    const sealer = new SpoolFileSealer(envelope, part10Header, sealers.take(recipients()), digest)
    const { failedSyncs } = queue.acceptance
    this.#sealed = { sealer, draft: queue.spool.begin(ulid), envelope, failedSyncs }
    return this.#sealed.draft.push(sealer.start())
  }

  #missing(): never {
    throw new Failure('INTERNAL', 'sealing an instance: its file was not begun')
  }

  /** The rest of the data set may take a long time to arrive: the room is released now. */
  #fail(error: unknown): undefined {
    const isForeign = this.treatment.change !== undefined && !(error instanceof Failure)
    this.#failure ??= failureFrom(isForeign ? unsaid(error) : error, 'SEAL_FAILED', 'sealing an instance')
    void this.#sealed?.draft.discard()
    return undefined
  }
}

/** Returns where an error happened, without its message: the message of an engine may repeat values of the patient. */
function unsaid(error: unknown): string {
  if (!Error.isError(error)) return 'an unknown error'
  const place = error.stack?.split('\n').find((line) => line.startsWith('    at '))
  return `${error.name} ${place?.trim() ?? ''}`.trim()
}
