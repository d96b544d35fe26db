import { Failure } from '../platform/failure.ts'
import { DataSetReader } from './data-set-reader.ts'
import type { DataSetToken, ElementToken } from './data-set-token.ts'
import { contradictsSyntax } from './declared-syntax.ts'
import { HeadInflater } from './head-inflater.ts'
import { TAG, type Tag } from './tag.ts'
import { transferSyntax } from './transfer-syntax.ts'
import { trimUid } from './uid.ts'

/** What routes an instance. Padding removed, not checked; absent where the element is absent, empty or out of reach. */
export interface DataSetHead {
  sopClassUid?: string
  sopInstanceUid?: string
  studyInstanceUid?: string
  seriesInstanceUid?: string
  modality?: string
  /** In words, and without any value, what kept the search from its end. */
  problem?: string
}

export interface DataSetHeadLimits {
  /** How much of the data set is searched, inflated where it is deflated. */
  readonly bytes: number
}

type Field = Exclude<keyof DataSetHead, 'problem'>

const FIELDS: ReadonlyMap<Tag, Field> = new Map<Tag, Field>([
  [TAG.SOPClassUID, 'sopClassUid'],
  [TAG.SOPInstanceUID, 'sopInstanceUid'],
  [TAG.Modality, 'modality'],
  [TAG.StudyInstanceUID, 'studyInstanceUid'],
  [TAG.SeriesInstanceUID, 'seriesInstanceUid'],
])
const IDENTIFIERS: readonly Field[] = [
  'sopClassUid',
  'sopInstanceUid',
  'studyInstanceUid',
  'seriesInstanceUid',
]

/** Real heads end within some 35 KiB. Whoever searches holds as much of each instance, and a hundred peers may ask for it. */
const DEFAULT_LIMITS: DataSetHeadLimits = { bytes: 1024 * 1024 }
/** Twice what a UID may have (PS3.5 §9.1): a longer value is none. */
const VALUE_LIMIT_BYTES = 128
const PIXEL_DATA_GROUP = 0x7fe0

/**
 * Finds what routes an instance in its data set (without Part 10 header) as it streams in, and stops there: behind
 * Series Instance UID, or, since not all devices write elements in order, at the pixel data while one of the four UIDs
 * is missing. Whatever a device sends, it ends in a `head`, never in an exception.
 */
export class DataSetHeadScanner {
  readonly #found: DataSetHead = {}
  readonly #limitBytes: number
  readonly #reader: DataSetReader
  readonly #inflater: HeadInflater | undefined
  #bytesLeft: number
  #done = false
  #begun = false
  #value: { field: Field; text: string } | undefined

  constructor(transferSyntaxUid: string, limits: DataSetHeadLimits = DEFAULT_LIMITS) {
    this.#limitBytes = limits.bytes
    this.#bytesLeft = limits.bytes
    // Where the identifiers stand no sequence needs opening, so a damaged private one is passed over unread.
    this.#reader = new DataSetReader(transferSyntaxUid, (token) => this.#take(token), {
      findSequences: false,
    })
    this.#inflater = transferSyntax(transferSyntaxUid).deflated ? new HeadInflater(limits.bytes) : undefined
  }

  /** True = nothing more needed; further bytes are then ignored. */
  push(chunk: Buffer): boolean {
    if (this.#done) return true
    this.#untilUnreadable(() => {
      if (this.#inflater === undefined) this.#search(chunk)
      else this.#inflater.push(chunk, (inflated) => this.#search(inflated))
    })
    return this.#done
  }

  /** What has been found so far. */
  get head(): Readonly<DataSetHead> {
    if (!this.#done) this.#untilUnreadable(() => this.#inflater?.flush((inflated) => this.#search(inflated)))
    return this.#found
  }

  #untilUnreadable(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      // What follows the identifiers in the same chunk is no concern of this search.
      if (!this.#done) this.#stop(error.message)
    }
  }

  #search(bytes: Buffer): boolean {
    const part = bytes.subarray(0, this.#bytesLeft)
    this.#bytesLeft -= part.length
    this.#reader.push(part)
    if (this.#bytesLeft === 0 && !this.#done)
      this.#stop(`the first ${this.#limitBytes} bytes do not hold all four UIDs`)
    return this.#done
  }

  #take(token: DataSetToken): void {
    if (this.#done) return
    if (token.kind === 'element') this.#takeElement(token)
    else if (token.kind === 'value' && this.#value !== undefined) {
      this.#value.text += token.bytes.toString('latin1')
      if (token.last) this.#keepValue(this.#value.field, this.#value.text)
    } else if (token.kind === 'rest') this.#stop(this.#begun ? undefined : 'zeros where the data set begins')
  }

  #takeElement(element: ElementToken): void {
    if (!this.#begun) {
      this.#begun = true
      const contradiction = contradictsSyntax(element)
      if (contradiction !== undefined) return this.#stop(`reading a data set: ${contradiction}`)
    }
    if (element.depth > 0) return
    if (element.tag >>> 16 >= PIXEL_DATA_GROUP) return this.#stop()
    if (element.tag > TAG.SeriesInstanceUID && this.#hasIdentifiers()) return this.#stop()
    const field = FIELDS.get(element.tag)
    if (field === undefined || element.holds !== 'value' || this.#found[field] !== undefined) return
    if (element.length > VALUE_LIMIT_BYTES) this.#note(`a value of ${element.length} bytes for ${field}`)
    else this.#value = { field, text: '' }
  }

  #keepValue(field: Field, text: string): void {
    this.#value = undefined
    const value = trimUid(text)
    if (value !== '') this.#found[field] = value
    if (field === 'seriesInstanceUid' && this.#hasIdentifiers()) this.#stop()
  }

  #hasIdentifiers(): boolean {
    return IDENTIFIERS.every((field) => this.#found[field] !== undefined)
  }

  #note(problem: string): void {
    this.#found.problem ??= problem
  }

  #stop(problem?: string): void {
    this.#done = true
    if (problem !== undefined) this.#note(problem)
  }
}
