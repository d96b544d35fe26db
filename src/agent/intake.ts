import type { Recipient } from '../age/x25519-keys.ts'
import { DataSetHeadScanner } from '../dicom/data-set-head.ts'
import { encodePart10Header } from '../dicom/part10.ts'
import { STORAGE_STATUS } from '../dicom/storage-status.ts'
import type { StoreAnswer, StoreRequest, StoreSink } from '../dimse/association.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import type { Envelope } from '../protocol/spool-file.ts'
import { newUlid, type Ulid } from '../protocol/ulid.ts'
import type { StorageGate } from './arrival/storage-gate.ts'
import type { PreparedSealers } from './envelope/prepared-sealers.ts'
import { SpoolFileSealer } from './envelope/seal-spool-file.ts'
import type { Queue } from './queue/open-queue.ts'
import type { SpoolWriter } from './queue/spool-writer.ts'

export interface IntakeParts {
  queue: Queue
  storage: StorageGate
  clock: Clock
  log: Log
  listener: string
  /** Whom instances are sealed to, at this moment. */
  recipients: () => readonly Recipient[]
  sealers: PreparedSealers
  instanceLimitBytes: number
  /** An instance of this study was taken on. */
  accepted: (studyInstanceUid: string, sealedBytes: number) => void
}

/**
 * Takes one instance from the association to the queue: read the head of the data set, seal while it streams, write,
 * sync, commit; only then is Success answered. No plaintext rests on the disk, and at most the head and about 1 MiB of
 * sealed bytes are held in memory.
 */
export class InstanceIntake implements StoreSink {
  readonly #parts: IntakeParts
  readonly #request: StoreRequest
  readonly #scanner: DataSetHeadScanner
  #held: Buffer[] = []
  #sealed: { sealer: SpoolFileSealer; writer: SpoolWriter; envelope: Envelope } | undefined
  #dataSetBytes = 0
  #failure: Failure | undefined

  constructor(request: StoreRequest, parts: IntakeParts) {
    this.#request = request
    this.#parts = parts
    this.#scanner = new DataSetHeadScanner(request.transferSyntaxUid)
  }

  write(chunk: Buffer): Promise<void> | undefined {
    this.#dataSetBytes += chunk.length
    const limit = this.#parts.instanceLimitBytes
    if (this.#dataSetBytes > limit) {
      return this.#fail(
        new Failure('INSTANCE_TOO_LARGE', `taking an instance: over ${limit} bytes, the limit set here`),
      )
    }
    if (this.#sealed !== undefined) return this.#seal(chunk)
    this.#held.push(chunk)
    return this.#scanner.push(chunk) ? this.#begin() : undefined
  }

  async finish(): Promise<StoreAnswer> {
    try {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#dataSetBytes === 0)
        throw new Failure('DATA_SET_UNREADABLE', 'taking an instance: it has no data set')
      if (this.#sealed === undefined) await this.#begin()
      await this.#commit()
      return { status: STORAGE_STATUS.Success }
    } catch (error) {
      const failure = failureFrom(error, 'INTERNAL', 'taking an instance')
      await this.#sealed?.writer.discard()
      return this.#refuse(failure)
    }
  }

  discard(reason: Failure): void {
    const { sopInstanceUid, association } = this.#request
    const { callingAeTitle } = association
    this.#parts.log.warn('instance broke off', { callingAeTitle, sopInstanceUid, reason: reason.message })
    void this.#sealed?.writer.discard()
    this.#held = []
  }

  /** The head is known: from here on bytes are sealed as they come. */
  #begin(): Promise<void> | undefined {
    try {
      this.#checkIdentity()
      const { queue, recipients, sealers } = this.#parts
      const ulid = newUlid(this.#parts.clock.now())
      const { sopClassUid, sopInstanceUid, transferSyntaxUid } = this.#request
      const part10Header = encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })
      const envelope = this.#envelope(ulid, part10Header.length)
      const sealer = new SpoolFileSealer(envelope, part10Header, sealers.take(recipients()))
      this.#sealed = { sealer, writer: queue.spool.create(ulid), envelope }
      const held = this.#held
      this.#held = []
      const written = [this.#sealed.writer.write(sealer.start()), ...held.map((chunk) => this.#seal(chunk))]
      const behind = written.filter((promise) => promise !== undefined)
      return behind.length === 0 ? undefined : Promise.all(behind).then(() => undefined)
    } catch (error) {
      return this.#fail(failureFrom(error, 'SEAL_FAILED', 'sealing an instance'))
    }
  }

  #seal(chunk: Buffer): Promise<void> | undefined {
    if (this.#sealed === undefined || this.#failure !== undefined) return undefined
    const written = this.#sealed.writer.write(this.#sealed.sealer.update(chunk))
    return written?.catch((error: unknown) =>
      this.#fail(failureFrom(error, 'STORAGE_ERROR', 'writing an instance')),
    )
  }

  async #commit(): Promise<void> {
    const { queue, storage, sealers, log, accepted } = this.#parts
    if (this.#sealed === undefined) throw new Failure('INTERNAL', 'taking an instance: it was never begun')
    const { sealer, writer, envelope } = this.#sealed
    const { blocks, trailer } = sealer.finish()
    const { callingAeTitle, sopInstanceUid, studyInstanceUid } = envelope
    if (queue.index.holds(sopInstanceUid, trailer.dataSetSha256)) {
      queue.index.countRepeat(sopInstanceUid, trailer.dataSetSha256)
      await writer.discard()
      log.debug('instance was here already', { callingAeTitle, sopInstanceUid })
      return
    }
    await writer.write(blocks)
    const completed = writer.complete()
    sealers.prepare()
    await completed
    const acceptance = await queue.acceptance.accept({ path: writer.path, envelope, trailer })
    if (acceptance === 'known') await queue.spool.remove(envelope.ulid)
    if (acceptance === 'conflict') {
      log.warn('instance came with other bytes than before; both are kept', {
        callingAeTitle,
        sopInstanceUid,
      })
    }
    storage.worked()
    accepted(studyInstanceUid, trailer.sealedBytes)
  }

  /** The command and the data set must name the same SOP class and instance (PS3.4 §B.2.3). */
  #checkIdentity(): void {
    const { head } = this.#scanner
    const { sopClassUid, sopInstanceUid } = this.#request
    if (Math.max(sopClassUid.length, sopInstanceUid.length) > UID_LIMIT) {
      throw new Failure(
        'UID_INVALID',
        `taking an instance: a UID of over ${UID_LIMIT} characters in the command`,
      )
    }
    if (head.sopInstanceUid !== undefined && head.sopInstanceUid !== sopInstanceUid) {
      throw new Failure(
        'DATA_SET_MISMATCH',
        'taking an instance: SOP Instance UID differs between command and data set',
      )
    }
    if (head.sopClassUid !== undefined && head.sopClassUid !== sopClassUid) {
      throw new Failure(
        'DATA_SET_MISMATCH',
        'taking an instance: SOP Class UID differs between command and data set',
      )
    }
  }

  #envelope(ulid: Ulid, part10HeaderBytes: number): Envelope {
    const { association, sopClassUid, sopInstanceUid, transferSyntaxUid } = this.#request
    const { studyInstanceUid, seriesInstanceUid } = this.#scanner.head
    return {
      ulid,
      arrivedAt: new Date(this.#parts.clock.now()).toISOString(),
      listener: this.#parts.listener,
      callingAeTitle: association.callingAeTitle,
      calledAeTitle: association.calledAeTitle,
      sopClassUid,
      sopInstanceUid,
      studyInstanceUid: fitting(studyInstanceUid),
      seriesInstanceUid: fitting(seriesInstanceUid),
      transferSyntaxUid,
      part10HeaderBytes,
      policy: 'identified',
    }
  }

  #fail(failure: Failure): Promise<never> {
    this.#failure ??= failure
    this.#held = []
    return Promise.reject(this.#failure)
  }

  #refuse(failure: Failure): StoreAnswer {
    const { callingAeTitle } = this.#request.association
    const { code, message } = failure
    this.#parts.log.error('instance refused', {
      callingAeTitle,
      sopInstanceUid: this.#request.sopInstanceUid,
      code,
      reason: message,
    })
    if (code === 'STORAGE_ERROR' || code === 'DATABASE_ERROR' || code === 'STORAGE_FULL')
      this.#parts.storage.failed(failure)
    return { status: statusOf(failure), errorComment: code }
  }
}

/** Twice what PS3.5 §9.1 allows: broken ones travel too, so long as an envelope can hold them. */
const UID_LIMIT = 128

const fitting = (uid = ''): string => (uid.length <= UID_LIMIT ? uid : '')

/** A900 when command and data set disagree, C000 for what is no data set, A700 for everything that is ours. */
function statusOf({ code }: Failure): number {
  if (code === 'DATA_SET_MISMATCH') return STORAGE_STATUS.DataSetDoesNotMatchSopClass
  if (code === 'DATA_SET_UNREADABLE' || code === 'UID_INVALID') return STORAGE_STATUS.CannotUnderstand
  return STORAGE_STATUS.OutOfResources
}
