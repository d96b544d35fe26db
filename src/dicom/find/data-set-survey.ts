import { CheckInflater } from '../read/check-inflater.ts'
import { DataSetReader } from '../read/data-set-reader.ts'
import type { DataSetToken, ElementToken } from '../read/data-set-token.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { isKnownVr } from '../vocabulary/value-representation.ts'
import type { DataSetHead } from './data-set-head.ts'
import { UidTrace } from './uid-trace.ts'

const FIELDS = new Map<Tag, 'sopClassUid' | 'sopInstanceUid' | 'studyInstanceUid' | 'seriesInstanceUid'>([
  [TAG.SOPClassUID, 'sopClassUid'],
  [TAG.SOPInstanceUID, 'sopInstanceUid'],
  [TAG.StudyInstanceUID, 'studyInstanceUid'],
  [TAG.SeriesInstanceUID, 'seriesInstanceUid'],
])
const META_GROUP = 0x0002
/**
 * Printable ASCII without space and backslash, up to the length of a UID (PS3.5 §9.1): every reader returns it
 * unchanged.
 */
const READ_ALIKE = /^[\x21-\x5b\x5d-\x7e]{1,64}$/

/** A reason why other programs may find other UIDs in a data set. */
export interface SurveyDoubt {
  /** Contains no value. */
  readonly words: string
  /**
   * True if a second reading found all four UIDs after a place that cannot be read as it is encoded, and nothing else
   * is in doubt. A program that can read the device's images finds the same ones.
   */
  readonly isSecondReading: boolean
}

/**
 * Reads a whole data set while it streams past and decides whether every program that reads it finds the UIDs that
 * DataSetHeadScanner finds. Readers differ if an element occurs twice (the first or the last counts), if bytes cannot
 * be read (some stop, some continue after them), and if a value has padding in unusual places.
 */
export class DataSetSurvey {
  readonly #reader: DataSetReader
  readonly #inflater: CheckInflater | undefined
  readonly #trace = new UidTrace()
  /** Number of occurrences of each of the four elements in the data set itself, and its longest value. */
  readonly #occurrences = new Map<Tag, { count: number; bytes: number }>()
  /** Bytes of all tokens so far, and of all chunks before the current one. */
  #readBytes = 0
  #chunkStart = 0
  #isUnreadable = false
  /** True if the current value has a VR that other readers may skip differently. */
  #isOddValue = false
  #hasMetaGroup = false

  constructor(transferSyntaxUid: string) {
    this.#reader = new DataSetReader(transferSyntaxUid, (token) => this.#take(token), {
      findSequences: false,
    })
    this.#inflater = transferSyntax(transferSyntaxUid).deflated
      ? new CheckInflater((inflated) => this.#survey(inflated))
      : undefined
  }

  /**
   * Takes the next bytes of the data set. Returns a promise if the caller must wait, because the data set is deflated.
   */
  push(chunk: Buffer): Promise<void> | undefined {
    if (this.#inflater !== undefined) return this.#inflater.push(chunk)
    this.#survey(chunk)
    return undefined
  }

  /** Called after all bytes. Returns why readers may differ; undefined if they do not. */
  async finish(head: Readonly<DataSetHead>): Promise<SurveyDoubt | undefined> {
    await this.#inflater?.finish()
    const words = this.#doubtOf(head)
    if (head.problem === undefined) return words === undefined ? undefined : { words, isSecondReading: false }
    const hasAll = Array.from(FIELDS.values()).every((field) => head[field] !== undefined)
    return { words: head.problem, isSecondReading: hasAll && words === undefined }
  }

  /** An unreadable part contains UIDs if a second reading found them there. */
  #doubtOf(head: Readonly<DataSetHead>): string | undefined {
    if (this.#hasMetaGroup) return 'file meta information inside the data set'
    if (this.#trace.isFound && head.problem === undefined) return 'UIDs where the data set cannot be read'
    for (const [tag, field] of FIELDS) {
      const { count, bytes } = this.#occurrences.get(tag) ?? { count: 0, bytes: 0 }
      if (count > 1) return `${field} is there ${count} times`
      if (head[field] === undefined && bytes > 0) return `${field} is out of its place`
      if (head[field] !== undefined && !READ_ALIKE.test(head[field]))
        return `${field} has characters that programs read in different ways`
    }
    return head.sopInstanceUid === undefined ? 'it names no SOP instance' : undefined
  }

  /** Frees the memory of a survey whose result is not needed. */
  discard(): void {
    this.#inflater?.discard()
  }

  #survey(chunk: Buffer): void {
    if (this.#isUnreadable) return this.#trace.search(chunk)
    if (!this.#isOddValue && this.#reader.passes(chunk.length)) {
      this.#readBytes += chunk.length
    } else this.#read(chunk)
    this.#chunkStart += chunk.length
    this.#trace.remember(chunk)
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk)
    } catch {
      this.#isUnreadable = true
      this.#trace.search(chunk.subarray(Math.max(0, this.#readBytes - this.#chunkStart)))
    }
  }

  #take(token: DataSetToken): void {
    this.#readBytes += token.bytes.length
    if (token.kind === 'element') this.#takeElement(token)
    else if (token.kind === 'rest') this.#trace.search(token.bytes)
    else if (token.kind === 'value') {
      if (this.#isOddValue) this.#trace.search(token.bytes)
      if (token.last) this.#isOddValue = false
    }
  }

  #takeElement({ tag, vr, length, depth }: ElementToken): void {
    if (depth > 0) return
    this.#isOddValue = vr !== undefined && !isKnownVr(vr)
    if (tag >>> 16 === META_GROUP) this.#hasMetaGroup = true
    if (!FIELDS.has(tag)) return
    const { count, bytes } = this.#occurrences.get(tag) ?? { count: 0, bytes: 0 }
    this.#occurrences.set(tag, { count: count + 1, bytes: Math.max(bytes, length) })
  }
}
