import { type Encoding, IMPLICIT_LITTLE_ENDIAN } from '../../src/dicom/read/element-header.ts'
import { TAG, type Tag } from '../../src/dicom/vocabulary/tag.ts'
import { hasShortLength } from '../../src/dicom/vocabulary/value-representation.ts'

export const EXPLICIT_LITTLE: Encoding = { explicitVr: true, littleEndian: true }
export const EXPLICIT_BIG: Encoding = { explicitVr: true, littleEndian: false }
export const IMPLICIT_LITTLE = IMPLICIT_LITTLE_ENDIAN
export const UNDEFINED = 0xffff_ffff

/** Writes elements in one encoding; lengths are as given, right or wrong. */
export function writer(encoding: Encoding) {
  const tagBytes = (tag: Tag): Buffer => Buffer.concat([word(tag >>> 16), word(tag & 0xffff)])

  function word(value: number): Buffer {
    const bytes = Buffer.alloc(2)
    if (encoding.littleEndian) bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return bytes
  }

  function long(value: number): Buffer {
    const bytes = Buffer.alloc(4)
    if (encoding.littleEndian) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }

  function element(tag: Tag, vr: string, value: string | Buffer, length?: number): Buffer {
    const content = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
    const stated = length ?? content.length
    const vrBytes = Buffer.from(vr, 'latin1')
    if (!encoding.explicitVr) return Buffer.concat([tagBytes(tag), long(stated), content])
    if (hasShortLength(vr)) return Buffer.concat([tagBytes(tag), vrBytes, word(stated), content])
    return Buffer.concat([tagBytes(tag), vrBytes, Buffer.alloc(2), long(stated), content])
  }

  const bare = (tag: Tag, length: number, content: Buffer = Buffer.alloc(0)): Buffer =>
    Buffer.concat([tagBytes(tag), long(length), content])

  return {
    element,
    /** An item or fragment; its length as given, else that of its content. */
    item: (content: Buffer, length: number = content.length): Buffer => bare(TAG.Item, length, content),
    itemEnd: bare(TAG.ItemDelimitationItem, 0),
    sequenceEnd: bare(TAG.SequenceDelimitationItem, 0),
  }
}
