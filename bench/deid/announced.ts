import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { explicitHeaderBytes } from '../../src/dicom/vocabulary/value-representation.ts'

/** Elements that every copy of an instance must have if the original has them: UIDs, name and ID, size, pixels, content. */
const REQUIRED: readonly number[] = [
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
  TAG.PatientName,
  TAG.PatientID,
  TAG.StudyInstanceUID,
  TAG.SeriesInstanceUID,
  TAG.Rows,
  TAG.Columns,
  TAG.ContentSequence,
  TAG.PixelData,
]

/**
 * Names what an original contains as an element somewhere in its bytes, and a copy does not have in its data set. It shares
 * nothing with the reader that edits: headers are looked for in the whole of the original, so that an element that another
 * one swallowed is found, too.
 */
export function missingIn(copy: Buffer, original: Buffer): string[] {
  const there = topLevel(copy)
  return REQUIRED.filter((tag) => isAnnounced(original, tag) && (there.get(tag)?.length ?? 0) === 0).map(
    (tag) => tag.toString(16).padStart(8, '0'),
  )
}

/** A header of the element with a VR that it can have, and with a length. */
function isAnnounced(bytes: Buffer, tag: number): boolean {
  const header = Buffer.alloc(4)
  header.writeUInt16LE(tag >>> 16, 0)
  header.writeUInt16LE(tag & 0xffff, 2)
  for (let at = bytes.indexOf(header); at !== -1; at = bytes.indexOf(header, at + 1)) {
    const vr = bytes.toString('latin1', at + 4, at + 6)
    if (/^(UI|PN|LO|US|SQ|OW|OB)$/.test(vr)) return true
  }
  return false
}

/** Values of the elements of a data set in explicit VR little endian; that of encapsulated pixel data is all that follows. */
export function topLevel(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; at + 8 <= bytes.length; ) {
    const tag = bytes.readUInt16LE(at) * 0x1_0000 + bytes.readUInt16LE(at + 2)
    const headerBytes = explicitHeaderBytes(bytes.toString('latin1', at + 4, at + 6))
    const length = headerBytes === 8 ? bytes.readUInt16LE(at + 6) : bytes.readUInt32LE(at + 8)
    const value = bytes.subarray(at + headerBytes)
    if (length === 0xffff_ffff) return found.set(tag, value)
    found.set(tag, value.subarray(0, length))
    at += headerBytes + length
  }
  return found
}
