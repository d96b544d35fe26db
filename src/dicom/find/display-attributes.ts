import { Failure } from '../../platform/failure.ts'
import { DataSetReader } from '../read/data-set-reader.ts'
import type { DataSetToken, ElementToken } from '../read/data-set-token.ts'
import { HeadInflater } from '../read/head-inflater.ts'
import { readText } from '../text/text.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'

/** Text of a patient's elements. It must not reach logs, messages or names, whose types do not accept it. */
export interface DisplayText {
  readonly text: string
  /** True if the declared character set is missing or wrong, and the bytes decided. */
  readonly isGuess: boolean
}

/** Attributes by which a person recognizes a study; absent if the element is absent, empty or out of reach. */
export interface DisplayAttributes {
  readonly patientName?: DisplayText
  readonly patientId?: DisplayText
  readonly accessionNumber?: DisplayText
  readonly studyDescription?: DisplayText
  /** The original value: YYYYMMDD. */
  readonly studyDate?: DisplayText
  readonly modality?: DisplayText
}

export type DisplayField = keyof DisplayAttributes

const FIELDS: ReadonlyMap<Tag, { field: DisplayField; vr: string }> = new Map([
  [TAG.StudyDate, { field: 'studyDate', vr: 'DA' }],
  [TAG.AccessionNumber, { field: 'accessionNumber', vr: 'SH' }],
  [TAG.Modality, { field: 'modality', vr: 'CS' }],
  [TAG.StudyDescription, { field: 'studyDescription', vr: 'LO' }],
  [TAG.PatientName, { field: 'patientName', vr: 'PN' }],
  [TAG.PatientID, { field: 'patientId', vr: 'LO' }],
])

/** Real heads end within some 35 KiB; the search stops at this length. */
const LIMIT_BYTES = 1024 * 1024
/** Three component groups of 64 characters in four bytes each, with room (PS3.5 §6.2). */
const VALUE_LIMIT_BYTES = 1024

/**
 * Collects display attributes from the head of a data set (without Part 10 header) as it streams in, and stops after
 * Patient ID. Any input ends in the attributes that could be read, never in an exception.
 */
export class DisplayReader {
  readonly #reader: DataSetReader
  readonly #inflater: HeadInflater | undefined
  readonly #values = new Map<DisplayField, { bytes: Buffer; vr: string }>()
  #characterSet = ''
  #value: { tag: Tag; pieces: Buffer[] } | undefined
  #bytesLeft = LIMIT_BYTES
  #isDone = false

  constructor(transferSyntaxUid: string) {
    this.#reader = new DataSetReader(transferSyntaxUid, (token) => this.#take(token), {
      findSequences: false,
    })
    this.#inflater = transferSyntax(transferSyntaxUid).deflated ? new HeadInflater(LIMIT_BYTES) : undefined
  }

  /** Returns true if no more bytes are needed; further bytes are ignored. */
  push(chunk: Buffer): boolean {
    this.#untilUnreadable(() => {
      if (this.#inflater === undefined) this.#search(chunk)
      else this.#inflater.push(chunk, (inflated) => this.#search(inflated))
    })
    return this.#isDone
  }

  /** Returns the attributes found so far; their text has not been decoded yet. */
  fields(): DisplayField[] {
    this.#untilUnreadable(() => this.#inflater?.flush((inflated) => this.#search(inflated)))
    return Array.from(this.#values.keys())
  }

  /**
   * Returns the attributes found so far. `writtenIn`: the character set that this device is known to use regardless of
   * its declaration, by its defined term.
   */
  attributes(writtenIn?: string): DisplayAttributes {
    this.#untilUnreadable(() => this.#inflater?.flush((inflated) => this.#search(inflated)))
    const characterSet = writtenIn ?? this.#characterSet
    return Object.fromEntries(
      Array.from(this.#values, ([field, { bytes, vr }]) => {
        const { text, isGuess } = readText(bytes, characterSet, vr)
        return [field, { text: text.trim(), isGuess }]
      }),
    )
  }

  #untilUnreadable(read: () => void): void {
    if (this.#isDone) return
    try {
      read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#isDone = true
    }
  }

  #search(bytes: Buffer): boolean {
    const part = bytes.subarray(0, this.#bytesLeft)
    this.#bytesLeft -= part.length
    this.#reader.push(part)
    this.#isDone ||= this.#bytesLeft === 0
    return this.#isDone
  }

  #take(token: DataSetToken): void {
    if (this.#isDone) return
    if (token.kind === 'element') this.#takeElement(token)
    else if (token.kind === 'value' && this.#value !== undefined) {
      // Copies: the caller may reuse the chunk's memory.
      this.#value.pieces.push(Buffer.from(token.bytes))
      if (token.last) this.#keep(this.#value.tag, Buffer.concat(this.#value.pieces))
    } else if (token.kind === 'rest') this.#isDone = true
  }

  #takeElement({ tag, depth, holds, length }: ElementToken): void {
    if (depth > 0) return
    if (tag > TAG.PatientID) this.#isDone = true
    else if (holds === 'value' && length <= VALUE_LIMIT_BYTES && isWanted(tag))
      this.#value = { tag, pieces: [] }
  }

  #keep(tag: Tag, bytes: Buffer): void {
    this.#value = undefined
    const wanted = FIELDS.get(tag)
    if (wanted === undefined) this.#characterSet = bytes.toString('latin1')
    else if (!isBlank(bytes)) this.#values.set(wanted.field, { bytes, vr: wanted.vr })
    if (tag === TAG.PatientID) this.#isDone = true
  }
}

function isWanted(tag: Tag): boolean {
  return tag === TAG.SpecificCharacterSet || FIELDS.has(tag)
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0)
}
