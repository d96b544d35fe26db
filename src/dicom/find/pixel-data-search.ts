import { Failure } from '../../platform/failure.ts'
import { DataSetReader } from '../read/data-set-reader.ts'
import type { DataSetToken } from '../read/data-set-token.ts'
import { compressionOf } from '../vocabulary/compression-of.ts'
import { TAG } from '../vocabulary/tag.ts'

/** Tables before the scan of a frame seldom have more. */
const FRAGMENT_BYTES = 16 * 1024

/** The encoding of the pixel data of a data set. */
export type PixelDataForm =
  | { readonly kind: 'native' }
  /** The syntax is undefined if the first fragment does not show it. */
  | { readonly kind: 'compressed'; readonly transferSyntaxUid: string | undefined }

/** Determines the encoding of the Pixel Data of a data set that is pushed from its beginning. Never throws. */
export class PixelDataSearch {
  readonly #reader: DataSetReader
  #form: PixelDataForm | undefined
  #isUnreadable = false
  #isCompressed = false
  /** The first bytes of the first fragment with content, after the offset table. */
  #fragment: Buffer | undefined
  #fragments = 0

  constructor(transferSyntaxUid: string) {
    this.#reader = new DataSetReader(transferSyntaxUid, (token) => this.#take(token), {
      findSequences: false,
    })
  }

  /** Undefined while it is unknown, and if there is no pixel data. */
  get form(): PixelDataForm | undefined {
    return this.#form
  }

  /** True if no more bytes are needed: the form is known, or the data set cannot be read up to its pixel data. */
  get isOver(): boolean {
    return this.#form !== undefined || this.#isUnreadable
  }

  push(bytes: Buffer): void {
    if (this.isOver) return
    try {
      this.#reader.push(bytes)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#isUnreadable = true
    }
  }

  /** Called after all bytes. */
  finish(): void {
    if (this.#isCompressed) this.#tell()
  }

  #take(token: DataSetToken): void {
    if (this.#form !== undefined) return
    if (token.kind === 'element' && token.depth === 0 && token.tag === TAG.PixelData) {
      if (token.holds === 'fragments') this.#isCompressed = true
      else this.#form = { kind: 'native' }
    }
    if (!this.#isCompressed) return
    if (token.kind === 'fragment') this.#fragments++
    if (token.kind === 'value' && this.#fragments > 1) this.#keep(token.bytes, token.last)
    if (token.kind === 'fragmentsEnd') this.#tell()
  }

  #keep(bytes: Buffer, isLast: boolean): void {
    const room = FRAGMENT_BYTES - (this.#fragment?.length ?? 0)
    this.#fragment = Buffer.concat([this.#fragment ?? Buffer.alloc(0), bytes.subarray(0, room)])
    if (isLast || this.#fragment.length === FRAGMENT_BYTES) this.#tell()
  }

  #tell(): void {
    const transferSyntaxUid = this.#fragment === undefined ? undefined : compressionOf(this.#fragment)
    this.#form ??= { kind: 'compressed', transferSyntaxUid }
  }
}
