import { Failure } from '../../platform/failure.ts'
import type { Encoding } from '../read/element-header.ts'
import { type Tag, tagText } from '../vocabulary/tag.ts'
import { hasShortLength } from '../vocabulary/value-representation.ts'

const SHORT_LENGTH_LIMIT = 0xfffe

/** Writes a tag's four bytes. */
function writeTag(tag: Tag, { littleEndian }: Encoding): Buffer {
  const bytes = Buffer.alloc(4)
  if (littleEndian) {
    bytes.writeUInt16LE(tag >>> 16)
    bytes.writeUInt16LE(tag & 0xffff, 2)
  } else bytes.writeUInt32BE(tag >>> 0)
  return bytes
}

/** Tag, VR and length of an element (PS3.5 §7.1); `vr` is left out in implicit VR. */
export function writeElementHeader(tag: Tag, vr: string, length: number, encoding: Encoding): Buffer {
  const tagBytes = writeTag(tag, encoding)
  if (!encoding.explicitVr) return Buffer.concat([tagBytes, writeLength(length, encoding)])
  const vrBytes = Buffer.from(vr, 'latin1')
  if (!hasShortLength(vr)) {
    return Buffer.concat([tagBytes, vrBytes, Buffer.alloc(2), writeLength(length, encoding)])
  }
  const bytes = Buffer.alloc(2)
  const fitting = checkShort(tag, length)
  if (encoding.littleEndian) bytes.writeUInt16LE(fitting)
  else bytes.writeUInt16BE(fitting)
  return Buffer.concat([tagBytes, vrBytes, bytes])
}

/** Returns the same header with another length; headers of items have the form of implicit VR. */
export function withLength(
  header: Buffer,
  vr: string | undefined,
  length: number,
  encoding: Encoding,
): Buffer {
  const bytes = Buffer.from(header)
  if (vr !== undefined && hasShortLength(vr)) {
    const fitting = checkShort(0, length)
    if (encoding.littleEndian) bytes.writeUInt16LE(fitting, 6)
    else bytes.writeUInt16BE(fitting, 6)
    return bytes
  }
  writeLength(length, encoding).copy(bytes, bytes.length - 4)
  return bytes
}

/** A length of 32 bits, as headers and group lengths have it. */
export function writeLength(length: number, { littleEndian }: Encoding): Buffer {
  const bytes = Buffer.alloc(4)
  if (littleEndian) bytes.writeUInt32LE(length)
  else bytes.writeUInt32BE(length)
  return bytes
}

function checkShort(tag: Tag, length: number): number {
  if (length <= SHORT_LENGTH_LIMIT) return length
  throw new Failure('INTERNAL', `writing ${tagText(tag)}: ${length} bytes where its VR has at most 65534`)
}
