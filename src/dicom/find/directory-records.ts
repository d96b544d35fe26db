import { DataSetReader } from '../read/data-set-reader.ts'
import type { DataSetToken, ElementToken } from '../read/data-set-token.ts'
import { TAG } from '../vocabulary/tag.ts'

/** Eight components of eight characters (PS3.10 §8.2), and what sloppy writers make of that. */
const VALUE_LIMIT_BYTES = 4096

/**
 * Reads the Referenced File IDs (0004,1500) of the records of a DICOMDIR (PS3.3 §F.3) as its data set streams in.
 * Records that are marked as not in use are left out.
 */
export class DirectoryRecords {
  readonly #fileIds: string[] = []
  readonly #reader: DataSetReader
  #isInSequence = false
  /** Number of sequences that have begun and not ended: an item in the first one is a record. */
  #open = 0
  #isInUse = true
  #fileId = ''
  #value: { tag: number; parts: Buffer[] } | undefined

  constructor(transferSyntaxUid: string) {
    this.#reader = new DataSetReader(transferSyntaxUid, (token) => this.#take(token))
  }

  /** Throws DATA_SET_UNREADABLE. */
  push(bytes: Buffer): void {
    this.#reader.push(bytes)
  }

  /** Returns the file IDs as written, their components separated by `\`. Throws DATA_SET_UNREADABLE. */
  finish(): readonly string[] {
    this.#reader.finish()
    return this.#fileIds
  }

  #take(token: DataSetToken): void {
    switch (token.kind) {
      case 'element':
        return this.#takeElement(token)
      case 'value':
        return this.#takeValue(token.bytes, token.last)
      case 'item':
        if (this.#open === 1) this.#beginRecord()
        return
      case 'itemEnd':
        if (this.#open === 1) this.#endRecord()
        return
      case 'sequenceEnd':
        this.#open--
        return
      case 'fragment':
      case 'fragmentsEnd':
      case 'rest':
    }
  }

  #takeElement({ tag, depth, holds, length }: ElementToken): void {
    this.#value = undefined
    if (depth === 0) this.#isInSequence = tag === TAG.DirectoryRecordSequence
    if (holds === 'items') this.#open++
    const isWanted = tag === TAG.ReferencedFileID || tag === TAG.RecordInUseFlag
    if (depth === 1 && this.#isInSequence && isWanted && holds === 'value' && length <= VALUE_LIMIT_BYTES)
      this.#value = { tag, parts: [] }
  }

  #takeValue(bytes: Buffer, isLast: boolean): void {
    if (this.#value === undefined) return
    this.#value.parts.push(Buffer.from(bytes))
    if (!isLast) return
    const value = Buffer.concat(this.#value.parts)
    if (this.#value.tag === TAG.ReferencedFileID) this.#fileId = trimmed(value)
    else this.#isInUse = value.some((byte) => byte !== 0)
    this.#value = undefined
  }

  #beginRecord(): void {
    this.#isInUse = true
    this.#fileId = ''
  }

  #endRecord(): void {
    if (this.#isInUse && this.#fileId !== '') this.#fileIds.push(this.#fileId)
  }
}

const trimmed = (value: Buffer): string =>
  value
    .toString('latin1')
    .split('\\')
    .map((part) => part.replace(/[\0 ]+$/, '').trimStart())
    .join('\\')
