import { damaged } from './damaged.ts'

/** A box within another one, its contents in memory. */
export interface Box {
  readonly type: string
  readonly body: Buffer
}

export const BOX_HEADER_BYTES = 16

/** Returns the boxes in `bytes`, from `start` on; a box that is longer ends the list. */
export function boxesIn(bytes: Buffer, start = 0): Box[] {
  const boxes: Box[] = []
  for (let at = start; at + 8 <= bytes.length; ) {
    const left = bytes.length - at
    const long = bytes.readUInt32BE(at) === 1
    if (long && left < BOX_HEADER_BYTES) break
    const { type, headerBytes, length } = boxHeader(bytes.subarray(at, at + BOX_HEADER_BYTES), left)
    if (length > left) break
    boxes.push({ type, body: bytes.subarray(at + headerBytes, at + length) })
    at += length
  }
  return boxes
}

/** Finds a box by its path from the top. */
export function boxAt(boxes: readonly Box[], ...path: readonly string[]): Buffer | undefined {
  const [first, ...rest] = path
  const found = boxes.find(({ type }) => type === first)?.body
  return found === undefined || rest.length === 0 ? found : boxAt(boxesIn(found), ...rest)
}

/** Reads the header of a box, of which `left` bytes remain. Throws MEDIA_DAMAGED. */
export function boxHeader(head: Buffer, left: number): { type: string; headerBytes: number; length: number } {
  if (head.length < 8) throw damaged('an MP4', 'a box is cut off')
  const short = head.readUInt32BE(0)
  const type = head.toString('latin1', 4, 8)
  if (short === 0) return { type, headerBytes: 8, length: left }
  if (short !== 1) {
    if (short < 8) throw damaged('an MP4', `a box of ${short} bytes`)
    return { type, headerBytes: 8, length: short }
  }
  if (head.length < BOX_HEADER_BYTES) throw damaged('an MP4', 'a box is cut off')
  const length = Number(head.readBigUInt64BE(8))
  if (length < BOX_HEADER_BYTES) throw damaged('an MP4', `a box of ${length} bytes`)
  return { type, headerBytes: BOX_HEADER_BYTES, length }
}

/** Names a type for messages. */
export const boxName = (type: string): string => (/^[\x20-\x7e]{4}$/.test(type) ? type : 'of no known type')
