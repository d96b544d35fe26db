import type { ByteSource } from './byte-source.ts'
import { BOX_HEADER_BYTES, boxHeader, boxName } from './coding/boxes.ts'
import { damaged } from './coding/damaged.ts'

/** A box of ISO base media at the top of the file (ISO 14496-12 §4.2). */
interface TopBox {
  readonly type: string
  /** Offset of its contents. */
  readonly offset: number
  readonly length: number
}

/** Fragmented files have two boxes for each fragment, which may be one frame. */
const BOX_LIMIT = 2_000_000

/** Walks the boxes of a file. Throws MEDIA_DAMAGED if one is longer than the file. */
export async function* topBoxes(source: ByteSource): AsyncGenerator<TopBox> {
  let count = 0
  for (let at = 0; at < source.size; ) {
    const head = await source.read(at, BOX_HEADER_BYTES)
    const { type, headerBytes, length } = boxHeader(head, source.size - at)
    if (length > source.size - at) throw damaged('an MP4', `the box ${boxName(type)} is cut off`)
    if (++count > BOX_LIMIT) throw damaged('an MP4', `more than ${BOX_LIMIT} boxes`)
    yield { type, offset: at + headerBytes, length: length - headerBytes }
    at += length
  }
}
