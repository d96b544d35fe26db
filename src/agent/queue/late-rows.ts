import type { Clock, Timer } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { InstanceIndex } from './instance-index.ts'
import { type InstanceVersion, versionOf } from './instance-version.ts'
import type { SegmentEnd } from './segments/segment-log.ts'
import type { Acceptance, SealedInstance } from './spool/sealed-instance.ts'

/** Maximum time that a row waits, and maximum number of rows that wait. */
const DELAY_MS = 100
const MOST = 256

/** The part of the index that rows are written by. */
type RowWriter = Pick<InstanceIndex, 'isNew' | 'insertNew' | 'insert'>

/** Parts that are told when the index takes no rows, and when it takes them again. */
interface LateRowsListener {
  /** Rows could not be written; their instances are safe. Not called again before {@link written}. */
  refused(failure: Failure): void
  /** Rows that had been refused are in the index now. */
  written(): void
}

/**
 * Instances that are safe in the spool and wait for their rows: Success may be answered before the row is written, and
 * many rows share one transaction. Only an instance waits whose row the spool file gives back completely, because a
 * crash of the process loses the rows that wait. All others are in the index before they count as accepted.
 *
 * Every part of the queue but the intake uses the index after {@link settle}, and so sees no difference. While the
 * index takes no rows, no further one waits: {@link insert} then fails as the index does.
 */
export class LateRows implements Disposable {
  readonly #index: RowWriter
  readonly #clock: Clock
  #listener: LateRowsListener | undefined
  /** By SOP Instance UID: a second instance of one UID does not wait. */
  readonly #waiting = new Map<string, SealedInstance>()
  /** By segment: the end of the last group that is decided. Stored in the transaction of the rows that wait. */
  readonly #ends = new Map<string, SegmentEnd>()
  #timer: Timer | undefined
  #refusal: Failure | undefined

  /** `index` uses the database directly, not after {@link settle}. */
  constructor(index: RowWriter, clock: Clock) {
    this.#index = index
    this.#clock = clock
  }

  /** Until this is called, a refusal only ends the delay of the rows that come next. */
  connect(listener: LateRowsListener): void {
    this.#listener = listener
  }

  /** Returns false if the index or a waiting row may hold an instance of this UID. Throws DATABASE_ERROR. */
  isNew(version: InstanceVersion): boolean {
    return !this.#waiting.has(version.sopInstanceUid) && this.#index.isNew(version)
  }

  /**
   * Takes an instance whose file and name are on the disk, and which is new. Returns false if its row must not wait:
   * it then has to be inserted. Throws DATABASE_ERROR.
   */
  wait(instance: SealedInstance): boolean {
    if (!this.#mayWait(instance)) return false
    this.#waiting.set(instance.envelope.sopInstanceUid, instance)
    if (this.#waiting.size >= MOST) this.settle()
    else this.#timer ??= this.#clock.after(DELAY_MS, () => this.settle())
    return true
  }

  /** All instances before this end wait, are in the index, or were refused. */
  reached(end: SegmentEnd): void {
    this.#ends.set(end.segment, end)
    this.#timer ??= this.#clock.after(DELAY_MS, () => this.settle())
  }

  /** Throws STORAGE_FULL or DATABASE_ERROR if the index has refused rows, and refuses them again. */
  checkIndex(): void {
    if (this.#refusal !== undefined) this.write()
  }

  /** Writes the rows that wait, and these. Throws STORAGE_FULL or DATABASE_ERROR. */
  insert(instances: readonly SealedInstance[]): Acceptance[] {
    this.write()
    return this.#index.insert(instances)
  }

  /** Writes the rows that wait, unless the index takes none at the moment. Never throws: they then wait on. */
  settle(): void {
    if (this.#isSettled || this.#refusal !== undefined) return
    try {
      this.write()
    } catch {
      // The listener has been told.
    }
  }

  /** Writes the rows that wait, in one transaction. Throws STORAGE_FULL or DATABASE_ERROR. */
  write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#isSettled) return
    try {
      this.#index.insertNew(Array.from(this.#waiting.values()), Array.from(this.#ends.values()))
    } catch (error) {
      const failure = failureFrom(error, 'DATABASE_ERROR', 'writing rows of instances')
      const isFirst = this.#refusal === undefined
      this.#refusal = failure
      if (isFirst) this.#listener?.refused(failure)
      throw failure
    }
    this.#waiting.clear()
    this.#ends.clear()
    if (this.#refusal === undefined) return
    this.#refusal = undefined
    this.#listener?.written()
  }

  /** Writes the rows that wait; the files bring back those that cannot be written. */
  [Symbol.dispose](): void {
    this.#refusal = undefined
    this.settle()
  }

  get #isSettled(): boolean {
    return this.#waiting.size === 0 && this.#ends.size === 0
  }

  #mayWait(instance: SealedInstance): boolean {
    if (this.#refusal !== undefined) return false
    const { envelope, trailer, observed } = instance
    const { findings = [], hold, display } = observed ?? {}
    if (hold !== undefined || display !== undefined || findings.length > 0) return false
    return this.isNew(versionOf(envelope, trailer))
  }
}
