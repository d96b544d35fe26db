import { writeElementHeader } from '../../../dicom/edit/write-element.ts'
import { attributeOf, tagOfKeyword } from '../../../dicom/vocabulary/attribute.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'
import { Failure } from '../../../platform/failure.ts'
import { encodeNumbers, encodeText, type Fragments, type StreamedBytes } from './element-value.ts'

const ENCODING = { explicitVr: true, littleEndian: true } as const
const UNDEFINED_LENGTH = 0xffff_ffff
const ITEM_VR = ''

/** A piece of the encoded data set: bytes, or bytes that are read later. */
type Piece = Buffer | StreamedBytes

/** A new data set in explicit VR little endian. Elements may be set in any order; they are written in that of their tags. */
export class DataSetDraft {
  readonly #elements = new Map<Tag, () => Iterable<Piece>>()

  /** Sets text elements, one value or several; an empty text is an empty element. */
  text(keyword: string, ...values: readonly string[]): this {
    const { tag, vr } = elementOf(keyword)
    return this.#value(tag, vr, encodeText(vr, values))
  }

  number(keyword: string, ...values: readonly number[]): this {
    const { tag, vr } = elementOf(keyword)
    return this.#value(tag, vr, encodeNumbers(vr, values))
  }

  bytes(keyword: string, value: Buffer): this {
    const { tag, vr } = elementOf(keyword)
    return this.#value(tag, vr, value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.alloc(1)]))
  }

  sequence(keyword: string, ...items: readonly DataSetDraft[]): this {
    const { tag } = elementOf(keyword)
    const bytes = items.map((item) => item.#whole())
    const encoded = bytes.flatMap((item) => [itemHeader(TAG.Item, item.length), item])
    return this.#value(tag, 'SQ', Buffer.concat(encoded))
  }

  /** Sets a value that is read only when the data set is; OB or OW. */
  streamed(keyword: string, vr: 'OB' | 'OW', value: StreamedBytes): this {
    const { tag } = elementOf(keyword)
    const header = writeElementHeader(tag, vr, value.length + (value.length % 2), ENCODING)
    this.#elements.set(tag, () => [header, value, padding(value)])
    return this
  }

  /** Sets encapsulated pixel data; the last byte of each fragment is padded if its length is odd. */
  fragments(pixels: Fragments): this {
    this.#elements.set(TAG.PixelData, () => piecesOf(pixels))
    return this
  }

  /** Encodes the data set from its first to its last byte. */
  async *read(): AsyncGenerator<Buffer> {
    let small: Buffer[] = []
    for (const piece of this.#pieces()) {
      if (Buffer.isBuffer(piece)) {
        small.push(piece)
        continue
      }
      if (small.length > 0) yield Buffer.concat(small)
      small = []
      yield* exactly(piece)
    }
    if (small.length > 0) yield Buffer.concat(small)
  }

  #value(tag: Tag, vr: string, bytes: Buffer): this {
    const element = Buffer.concat([writeElementHeader(tag, vr, bytes.length, ENCODING), bytes])
    this.#elements.set(tag, () => [element])
    return this
  }

  *#pieces(): Generator<Piece> {
    const inOrder = Array.from(this.#elements).toSorted(([a], [b]) => a - b)
    for (const [, pieces] of inOrder) yield* pieces()
  }

  #whole(): Buffer {
    return Buffer.concat(Array.from(this.#pieces()).filter((piece) => Buffer.isBuffer(piece)))
  }
}

function* piecesOf(pixels: Fragments): Generator<Piece> {
  yield writeElementHeader(TAG.PixelData, 'OB', UNDEFINED_LENGTH, ENCODING)
  yield itemHeader(TAG.Item, pixels.offsetTable.length)
  yield pixels.offsetTable
  for (const fragment of pixels.fragments()) {
    yield itemHeader(TAG.Item, fragment.length + (fragment.length % 2))
    yield fragment
    yield padding(fragment)
  }
  yield itemHeader(TAG.SequenceDelimitationItem, 0)
}

/** Throws MEDIA_DAMAGED if the source gives another number of bytes than before: the file changed meanwhile. */
async function* exactly(value: StreamedBytes): AsyncGenerator<Buffer> {
  let left = value.length
  for await (const bytes of value.chunks()) {
    left -= bytes.length
    if (left < 0) break
    yield bytes
  }
  if (left !== 0) throw new Failure('MEDIA_DAMAGED', 'reading a file again: its length has changed')
}

const padding = ({ length }: StreamedBytes): Buffer => Buffer.alloc(length % 2)

const itemHeader = (tag: Tag, length: number): Buffer =>
  writeElementHeader(tag, ITEM_VR, length, { ...ENCODING, explicitVr: false })

function elementOf(keyword: string): { tag: Tag; vr: string } {
  const tag = tagOfKeyword(keyword)
  const vr = tag === undefined ? undefined : attributeOf(tag)?.vrs[0]
  if (tag === undefined || vr === undefined) throw new Failure('INTERNAL', `writing ${keyword}: not in PS3.6`)
  return { tag, vr }
}
