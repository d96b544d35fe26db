import type { Finding } from '../../dicom/check/check-findings.ts'
import { DataSetHeadScanner } from '../../dicom/find/data-set-head.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { isInstanceUid } from '../../dicom/vocabulary/uid.ts'
import type { StoreAnswer, StoreRequest, StoreSink } from '../../dimse/association/association.ts'
import { Failure, type FailureCode, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { type Envelope, isDeidentified } from '../../protocol/spool-file.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { StorageGate } from '../arrival/storage-gate.ts'
import { versionOf } from '../queue/instance-version.ts'
import type { Observed } from '../queue/spool/sealed-instance.ts'
import { InstanceObservation, type ObservationOptions, RefusedByCheck } from './instance-observation.ts'
import { OriginalDigest } from './original-digest.ts'
import { SpoolCopy, type SpoolCopyOptions, type TakenCopy } from './spool-copy.ts'
import { type Treatment, UID_LIMIT } from './treatment.ts'
import type { Treatments } from './treatments.ts'

/** The work that begins once an instance is in the queue. */
export interface AcceptedWork {
  /** A copy of an instance was accepted. */
  accepted(envelope: Envelope, sealedBytes: number): void
}

export interface IntakeOptions extends SpoolCopyOptions, ObservationOptions {
  storage: StorageGate
  log: Log
  listener: string
  instanceLimitBytes: number
  /** The name of the device that sends it, if it is listed. */
  device: string | undefined
  treatments: Treatments
  work: AcceptedWork
}

/** The result for one instance, in more detail than a device is told. */
export interface IntakeResult {
  /** PS3.4 §B.2.3. */
  readonly status: number
  /** The reason for a refusal. */
  readonly failure?: Failure
  readonly findings: readonly Finding[]
  /** True if a check holds it: it is safe, and is not sent until a person releases it. */
  readonly isHeld: boolean
  /** True if exactly these bytes were here before. */
  readonly isKnown: boolean
  /** The copies in the queue: new ones, and those that were there already. */
  readonly instances: readonly Ulid[]
}

/**
 * Carries one instance from the association to the queue: reads the head of the data set, seals while it streams,
 * writes, syncs, commits. Only then is Success answered. With several treatments, there is a sealed copy for each. No
 * plaintext is stored on the disk, and each copy holds at most the head and about 5 MiB of sealed bytes in memory.
 */
export class InstanceIntake implements StoreSink {
  readonly #options: IntakeOptions
  readonly #request: StoreRequest
  readonly #scanner: DataSetHeadScanner
  readonly #observation: InstanceObservation
  /** Undefined if no route keeps the original: its digest could be compared with nothing. */
  #original: OriginalDigest | undefined
  #held: Buffer[] = []
  #copies: readonly SpoolCopy[] | undefined
  #dataSetBytes = 0
  #failure: Failure | undefined
  #observed: Observed | undefined
  #isKnown = true
  readonly #instances: Ulid[] = []
  #result: IntakeResult | undefined

  constructor(request: StoreRequest, options: IntakeOptions) {
    this.#request = request
    this.#options = options
    this.#scanner = new DataSetHeadScanner(request.transferSyntaxUid)
    this.#observation = new InstanceObservation(request.transferSyntaxUid, options)
  }

  /** Undefined until {@link finish} has resolved. */
  get result(): IntakeResult | undefined {
    return this.#result
  }

  push(chunk: Buffer): Promise<void> | undefined {
    this.#dataSetBytes += chunk.length
    const limit = this.#options.instanceLimitBytes
    if (this.#dataSetBytes > limit) {
      return this.#fail(
        new Failure('INSTANCE_TOO_LARGE', `taking an instance: over ${limit} bytes, the limit set here`),
      )
    }
    if (this.#failure !== undefined) return undefined
    const looked = this.#observation.push(chunk)
    if (this.#copies !== undefined) return together([looked, this.#seal(this.#copies, chunk)])
    this.#held.push(Buffer.from(chunk))
    return together([looked, this.#scanner.push(chunk) ? this.#begin() : undefined])
  }

  async finish(): Promise<StoreAnswer> {
    try {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#dataSetBytes === 0)
        throw new Failure('DATA_SET_UNREADABLE', 'taking an instance: it has no data set')
      if (this.#copies === undefined) await this.#begin()
      await this.#commit(this.#copies ?? [])
      const { findings = [], hold } = this.#observed ?? {}
      const status = STORAGE_STATUS.Success
      this.#result = {
        status,
        findings,
        isHeld: hold !== undefined,
        isKnown: this.#isKnown,
        instances: this.#instances,
      }
      return { status }
    } catch (error) {
      const failure = failureOf(error)
      await Promise.all((this.#copies ?? []).map((copy) => copy.discard()))
      const isChecked = error instanceof RefusedByCheck
      const status = isChecked ? error.status : statusOf(failure)
      const findings = isChecked ? error.findings : []
      this.#result = { status, failure, findings, isHeld: false, isKnown: false, instances: [] }
      return this.#refuse(failure, status)
    }
  }

  discard(reason: Failure): void {
    const { sopInstanceUid, association } = this.#request
    const { callingAeTitle } = association
    this.#options.log.warn('instance broke off', { callingAeTitle, sopInstanceUid, reason: reason.message })
    for (const copy of this.#copies ?? []) void copy.discard()
    this.#observation.discard()
    this.#held = []
  }

  /** Called when the head is known: from here on bytes are sealed as they arrive. */
  #begin(): Promise<void> | undefined {
    try {
      this.#checkIdentity()
      const { treatments, device } = this.#options
      const base = this.#base()
      const request = { ...this.#request, sopClassUid: this.#sopClassUid() }
      const chosen = treatments.for(request, this.#scanner.head, device)
      const original = chosen.some(({ change }) => change === undefined) ? new OriginalDigest() : undefined
      const copies = chosen.map((treatment) => new SpoolCopy(treatment, base, original, this.#options))
      this.#original = original
      this.#copies = copies
      const held = this.#held
      this.#held = []
      return together(held.map((chunk) => this.#seal(copies, chunk)))
    } catch (error) {
      return this.#fail(failureFrom(error, 'SEAL_FAILED', 'sealing an instance'))
    }
  }

  #seal(copies: readonly SpoolCopy[], chunk: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) return undefined
    this.#original?.push(chunk)
    const [only] = copies
    return copies.length === 1 ? only?.push(chunk) : together(copies.map((copy) => copy.push(chunk)))
  }

  /**
   * Success needs every copy, with one exception: an instance that cannot be de-identified never leaves by that route,
   * and is safe if another route accepts it.
   */
  async #commit(copies: readonly SpoolCopy[]): Promise<void> {
    const isAnnounced = this.#sopClassUid() === this.#request.sopClassUid
    const observed = await this.#observation.finish(isAnnounced ? [] : ['sopClass'])
    this.#observed = observed
    const prepared = await Promise.allSettled(copies.map((copy) => this.#prepareCopy(copy, observed)))
    const failures = this.#failures(copies, prepared)
    const ready = copies.filter((copy) => failures.every((failed) => failed.copy !== copy))
    // In one turn of the event loop: either all of them are on the disk, or none.
    const outcomes = await Promise.allSettled(ready.map((copy) => copy.commit()))
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') this.#taken(outcome.value)
    this.#failures(ready, outcomes)
    for (const { copy, failure } of failures) this.#withheld(copy.treatment.policy, failure)
  }

  /** Returns the copies that failed. Throws the failure that refuses the instance, if there is one. */
  #failures(
    copies: readonly SpoolCopy[],
    outcomes: readonly PromiseSettledResult<unknown>[],
  ): { copy: SpoolCopy; failure: Failure }[] {
    const failures = copies.flatMap((copy, i) => {
      const outcome = outcomes[i]
      return outcome?.status === 'rejected' ? [{ copy, failure: failureOf(outcome.reason) }] : []
    })
    const fatal =
      failures.find(({ failure }) => !WITHHOLDING.has(failure.code)) ?? failures.at(copies.length - 1)
    if (fatal !== undefined) throw fatal.failure
    return failures
  }

  /** One way is closed to an instance that goes on by another: a person must know. */
  #withheld(policy: string, { code, message }: Failure): void {
    const { callingAeTitle } = this.#request.association
    this.#options.queue.alarms.raise(code, `${policy} ${callingAeTitle}`, message)
  }

  /** Stores the encrypted display record only for copies that keep the patient's identity. */
  #prepareCopy(copy: SpoolCopy, observed: Observed): Promise<void> {
    const { names } = copy.treatment
    if (isDeidentified(copy.treatment)) return copy.prepare(observed)
    const { display } = this.#options.queue
    return copy.prepare({ ...observed, ...this.#observation.display(display, names.studyInstanceUid) })
  }

  #taken({ envelope, trailer, acceptance }: TakenCopy): void {
    const isHere = acceptance === 'repeat' || acceptance === 'known'
    this.#isKnown &&= isHere
    const { log, work, queue } = this.#options
    const here = isHere ? queue.index.ulidsOf(versionOf(envelope, trailer)) : [envelope.ulid]
    this.#instances.push(...here)
    const { callingAeTitle, sopInstanceUid } = envelope
    if (acceptance === 'repeat')
      return log.debug('instance was here already', { callingAeTitle, sopInstanceUid })
    if (acceptance === 'conflict') {
      log.warn('instance came with other bytes than before; both are kept', {
        callingAeTitle,
        sopInstanceUid,
      })
    }
    if (acceptance === 'healed') {
      log.warn('instance came again and takes the place of its damaged copy', {
        callingAeTitle,
        sopInstanceUid,
      })
    }
    work.accepted(envelope, trailer.sealedBytes)
  }

  /**
   * The command and the data set must name the same SOP instance (PS3.4 §B.2.3): a device later uses that name to ask
   * for commitment.
   */
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
    if (
      head.sopClassUid !== undefined &&
      head.sopClassUid !== sopClassUid &&
      !isInstanceUid(head.sopClassUid)
    ) {
      throw new Failure(
        'DATA_SET_MISMATCH',
        'taking an instance: SOP Class UID differs between command and data set, and is not a UID there',
      )
    }
  }

  /** Returns the class of the data set, since the data set is stored; the command's if the data set has none. */
  #sopClassUid(): string {
    return this.#scanner.head.sopClassUid ?? this.#request.sopClassUid
  }

  /** The fields that the envelopes of all copies share. */
  #base(): Omit<Envelope, 'ulid' | 'policy' | 'part10HeaderBytes' | keyof Treatment['names']> {
    const { association, transferSyntaxUid } = this.#request
    return {
      arrivedAt: new Date(this.#options.clock.now()).toISOString(),
      listener: this.#options.listener,
      callingAeTitle: association.callingAeTitle,
      calledAeTitle: association.calledAeTitle,
      sopClassUid: this.#sopClassUid(),
      transferSyntaxUid,
    }
  }

  #fail(failure: Failure): Promise<never> {
    this.#failure ??= failure
    this.#held = []
    this.#observation.discard()
    for (const copy of this.#copies ?? []) void copy.discard()
    return Promise.reject(this.#failure)
  }

  #refuse(failure: Failure, status: number): StoreAnswer {
    const { callingAeTitle } = this.#request.association
    const { code, message } = failure
    this.#options.log.error('instance refused', {
      callingAeTitle,
      sopInstanceUid: this.#request.sopInstanceUid,
      code,
      reason: message,
    })
    if (code === 'STORAGE_ERROR' || code === 'DATABASE_ERROR' || code === 'STORAGE_FULL')
      this.#options.storage.failed(failure)
    return { status, errorComment: code }
  }
}

/** Codes that prevent an instance from being changed, but not from being sent as it is. */
const WITHHOLDING: ReadonlySet<FailureCode> = new Set(['DEID_WITHHELD', 'DATA_SET_UNREADABLE'])

function failureOf(error: unknown): Failure {
  return error instanceof RefusedByCheck
    ? error.failure
    : failureFrom(error, 'INTERNAL', 'taking an instance')
}

function together(promises: readonly (Promise<void> | undefined)[]): Promise<void> | undefined {
  const behind = promises.filter((promise) => promise !== undefined)
  return behind.length === 0 ? undefined : Promise.all(behind).then(() => undefined)
}

/**
 * Returns A900 if command and data set name different instances, C000 for bytes that are not a data set, A700 for our
 * own faults.
 */
function statusOf({ code }: Failure): number {
  if (code === 'DATA_SET_MISMATCH') return STORAGE_STATUS.DataSetDoesNotMatchSopClass
  if (code === 'DATA_SET_UNREADABLE' || code === 'UID_INVALID' || code === 'DEID_WITHHELD')
    return STORAGE_STATUS.CannotUnderstand
  return STORAGE_STATUS.OutOfResources
}
