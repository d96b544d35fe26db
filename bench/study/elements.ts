import { explicitHeaderBytes, hasShortLength } from '../../src/dicom/vocabulary/value-representation.ts'

/** A value as it is given: text, bytes, numbers of a binary VR, or the items of a sequence. */
type Value = string | Buffer | readonly number[] | readonly (readonly Element[])[]

/** Tag (0xGGGGEEEE), VR, value. */
export type Element = readonly [tag: number, vr: string, value: Value]

const ITEM = 0xfffee000

/** A data set in Explicit VR Little Endian, its elements sorted, every length defined (PS3.5 §7.1.2). */
export function encodeDataSet(elements: readonly Element[]): Buffer {
  return Buffer.concat(elements.toSorted(([a], [b]) => a - b).map(encodeElement))
}

/** An element up to its value, so that a long one can follow piece by piece. */
export function encodeElementHeader(tag: number, vr: string, length: number): Buffer {
  const header = Buffer.alloc(explicitHeaderBytes(vr))
  writeTag(header, tag)
  header.write(vr, 4, 'latin1')
  if (hasShortLength(vr)) header.writeUInt16LE(length, 6)
  else header.writeUInt32LE(length, 8)
  return header
}

function encodeElement([tag, vr, value]: Element): Buffer {
  const bytes = evenLength(vr, encodeValue(vr, value))
  return Buffer.concat([encodeElementHeader(tag, vr, bytes.length), bytes])
}

function encodeValue(vr: string, value: Value): Buffer {
  if (Buffer.isBuffer(value)) return value
  if (typeof value === 'string') return Buffer.from(value, 'latin1')
  return Buffer.concat(
    value.map((one) => (typeof one === 'number' ? encodeNumber(vr, one) : encodeItem(one))),
  )
}

function encodeNumber(vr: string, value: number): Buffer {
  const bytes = Buffer.alloc(vr === 'US' ? 2 : 4)
  if (vr === 'AT') writeTag(bytes, value)
  else bytes.writeUIntLE(value, 0, bytes.length)
  return bytes
}

function encodeItem(elements: readonly Element[]): Buffer {
  const content = encodeDataSet(elements)
  const header = Buffer.alloc(8)
  writeTag(header, ITEM)
  header.writeUInt32LE(content.length, 4)
  return Buffer.concat([header, content])
}

function writeTag(bytes: Buffer, tag: number): void {
  bytes.writeUInt16LE(tag >>> 16, 0)
  bytes.writeUInt16LE(tag & 0xffff, 2)
}

/** UIDs are padded with NUL, text with a space (PS3.5 §6.2). */
function evenLength(vr: string, bytes: Buffer): Buffer {
  if (bytes.length % 2 === 0) return bytes
  return Buffer.concat([bytes, Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ')])
}
