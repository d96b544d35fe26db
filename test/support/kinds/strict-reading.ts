import { TAG } from '../../../src/dicom/vocabulary/tag.ts'

/** The elements of a data set itself: the value of each by its tag, with the headers of items where it has any. */
type StrictReading = ReadonlyMap<number, Buffer>

const SHORT = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '))
const LONG = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))
const UNDEFINED = 0xffff_ffff

/**
 * Reads a data set as PS3.5 §7 says and in no other way; undefined if it is written otherwise: out of order, twice, with bytes
 * that are left over. Only items may be in the other of implicit and explicit VR. It shares nothing with the program.
 */
export function readStrictly(
  bytes: Buffer,
  isExplicit: boolean,
  isLittle: boolean,
): StrictReading | undefined {
  const elements = new Map<number, Buffer>()
  let at = 0
  let last = -1
  while (at < bytes.length) {
    const end = elementEnd(bytes, at, isExplicit, isLittle, 0)
    if (end === undefined) return undefined
    const tag = tagAt(bytes, at, isLittle)
    if (tag <= last) return undefined
    last = tag
    elements.set(tag, bytes.subarray(at + headerBytes(bytes, at, isExplicit), end))
    at = end
  }
  return elements
}

const tagAt = (bytes: Buffer, at: number, isLittle: boolean): number =>
  isLittle
    ? bytes.readUInt16LE(at) * 0x1_0000 + bytes.readUInt16LE(at + 2)
    : bytes.readUInt16BE(at) * 0x1_0000 + bytes.readUInt16BE(at + 2)

const longAt = (bytes: Buffer, at: number, isLittle: boolean): number =>
  isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)

const headerBytes = (bytes: Buffer, at: number, isExplicit: boolean): number =>
  isExplicit && !SHORT.has(bytes.toString('latin1', at + 4, at + 6)) ? 12 : 8

/** Where the element at `at` ends; undefined if there is none. */
function elementEnd(
  bytes: Buffer,
  at: number,
  isExplicit: boolean,
  isLittle: boolean,
  depth: number,
): number | undefined {
  const header = headerBytes(bytes, at, isExplicit)
  if (at + header > bytes.length || depth > 20) return undefined
  const vr = isExplicit ? bytes.toString('latin1', at + 4, at + 6) : undefined
  if (vr !== undefined && !SHORT.has(vr) && !LONG.has(vr)) return undefined
  const isShort = vr !== undefined && SHORT.has(vr)
  const shortLength = isLittle ? bytes.readUInt16LE(at + 6) : bytes.readUInt16BE(at + 6)
  const length = isShort ? shortLength : longAt(bytes, at + header - 4, isLittle)
  if (length !== UNDEFINED) return at + header + length > bytes.length ? undefined : at + header + length
  const isFragments = tagAt(bytes, at, isLittle) === TAG.PixelData || (vr !== undefined && vr.startsWith('O'))
  return itemsEnd(bytes, at + header, isLittle, isFragments, depth)
}

function itemsEnd(
  bytes: Buffer,
  from: number,
  isLittle: boolean,
  isFragments: boolean,
  depth: number,
): number | undefined {
  let at = from
  for (;;) {
    if (at + 8 > bytes.length) return undefined
    const tag = tagAt(bytes, at, isLittle)
    const length = longAt(bytes, at + 4, isLittle)
    at += 8
    if (tag === TAG.SequenceDelimitationItem) return at
    if (tag !== TAG.Item) return undefined
    if (length !== UNDEFINED) at += length
    else if (isFragments) return undefined
    else {
      while (at + 8 <= bytes.length && tagAt(bytes, at, isLittle) !== TAG.ItemDelimitationItem) {
        const vr = bytes.toString('latin1', at + 4, at + 6)
        const end = elementEnd(bytes, at, SHORT.has(vr) || LONG.has(vr), isLittle, depth + 1)
        if (end === undefined) return undefined
        at = end
      }
      at += 8
    }
  }
}
