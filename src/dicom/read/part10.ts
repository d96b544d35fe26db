import { Failure } from '../../platform/failure.ts'
import { trimUid } from '../vocabulary/uid.ts'
import { explicitHeaderBytes, hasShortLength, looksLikeVr } from '../vocabulary/value-representation.ts'

/** The header of a DICOM file before its data set (PS3.10 §7.1). */
export interface Part10Header {
  /** Padding removed; empty if the file does not have it. Not checked. */
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
  /** True if an element occurs twice: readers differ on which of them counts. */
  isAmbiguous: boolean
  /** Size of preamble, prefix and file meta information: the offset of the data set. */
  headerBytes: number
}

interface NewPart10Header {
  sopClassUid: string
  sopInstanceUid: string
  transferSyntaxUid: string
  /** The calling AE title of the device; at most 16 characters. */
  sourceApplicationEntityTitle?: string
}

/** File meta information, group 0002 (PS3.10 Table 7.1-1). */
const TAG = {
  FileMetaInformationGroupLength: 0x0000,
  FileMetaInformationVersion: 0x0001,
  MediaStorageSOPClassUID: 0x0002,
  MediaStorageSOPInstanceUID: 0x0003,
  TransferSyntaxUID: 0x0010,
  ImplementationClassUID: 0x0012,
  ImplementationVersionName: 0x0013,
  SourceApplicationEntityTitle: 0x0016,
} as const

/** 2.25 and the UUID 8f0c6a52-5d0e-4c1b-9a53-2f7b1e64d0c7 as a decimal number (PS3.5 §B.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.190144067420472091287422165049070112967'
export const IMPLEMENTATION_VERSION_NAME = 'FERRY'
/** The implementation version name by which `ferry echo` identifies its association. */
export const ECHO_VERSION_NAME = 'FERRY ECHO'

const META_GROUP = 0x0002
const PREAMBLE_BYTES = 128
const PREFIX_END = 132
/** Real ones have some 300 bytes; private information (0002,0102) may add to that. */
const LIMIT_BYTES = 1024 * 1024

/** Encodes preamble, prefix and file meta information; followed by the data set they are a DICOM file. */
export function encodePart10Header(header: NewPart10Header): Buffer {
  const source = header.sourceApplicationEntityTitle
  const group = Buffer.concat([
    encodeElement(TAG.FileMetaInformationVersion, 'OB', Buffer.from([0x00, 0x01])),
    encodeElement(TAG.MediaStorageSOPClassUID, 'UI', padded(header.sopClassUid, '\0')),
    encodeElement(TAG.MediaStorageSOPInstanceUID, 'UI', padded(header.sopInstanceUid, '\0')),
    encodeElement(TAG.TransferSyntaxUID, 'UI', padded(header.transferSyntaxUid, '\0')),
    encodeElement(TAG.ImplementationClassUID, 'UI', padded(IMPLEMENTATION_CLASS_UID, '\0')),
    encodeElement(TAG.ImplementationVersionName, 'SH', padded(IMPLEMENTATION_VERSION_NAME, ' ')),
    ...(source ? [encodeElement(TAG.SourceApplicationEntityTitle, 'AE', padded(source, ' '))] : []),
  ])
  const groupLength = Buffer.alloc(4)
  groupLength.writeUInt32LE(group.length)
  return Buffer.concat([
    Buffer.alloc(PREAMBLE_BYTES),
    Buffer.from('DICM', 'latin1'),
    encodeElement(TAG.FileMetaInformationGroupLength, 'UL', groupLength),
    group,
  ])
}

/**
 * Reads the header at the start of `bytes`; undefined if there are too few of them. Throws DATA_SET_UNREADABLE for
 * bytes that are not a DICOM file, or for file meta information over 1 MiB.
 *
 * Writers set the group length wrongly or omit it, so the elements themselves are followed to the end of group 0002;
 * the length only shows that the header is whole if nothing follows it yet. A file that begins with group 0002, without
 * preamble, is read too, as are elements of group 0002 in implicit VR.
 */
export function parsePart10Header(bytes: Buffer): Part10Header | undefined {
  if (bytes.length < PREFIX_END) return undefined
  const values = new Map<number, string>()
  let declaredEnd: number | undefined
  let isAmbiguous = false
  let position = firstElementAt(bytes)
  for (;;) {
    if (position + 2 > bytes.length) {
      if (position === declaredEnd) break
      return undefined
    }
    if (bytes.readUInt16LE(position) !== META_GROUP) break
    const meta = metaElementAt(bytes, position)
    if (meta === undefined) return undefined
    position = meta.end
    if (meta.element === TAG.FileMetaInformationGroupLength && meta.value.length === 4) {
      declaredEnd = meta.end + meta.value.readUInt32LE(0)
    }
    if (values.has(meta.element)) isAmbiguous = true
    else values.set(meta.element, meta.value.toString('latin1'))
  }
  const uid = (element: number): string => trimUid(values.get(element) ?? '')
  return {
    sopClassUid: uid(TAG.MediaStorageSOPClassUID),
    sopInstanceUid: uid(TAG.MediaStorageSOPInstanceUID),
    transferSyntaxUid: uid(TAG.TransferSyntaxUID),
    isAmbiguous,
    headerBytes: position,
  }
}

function firstElementAt(bytes: Buffer): number {
  if (bytes.toString('latin1', PREAMBLE_BYTES, PREFIX_END) === 'DICM') return PREFIX_END
  if (bytes.readUInt16LE(0) === META_GROUP) return 0
  throw unreadable('neither DICM at byte 128 nor group 0002 at byte 0')
}

interface MetaElement {
  element: number
  value: Buffer
  end: number
}

/** Returns undefined if the element is incomplete. */
function metaElementAt(bytes: Buffer, position: number): MetaElement | undefined {
  const vr = bytes.toString('latin1', position + 4, position + 6)
  const start = position + (looksLikeVr(vr) ? explicitHeaderBytes(vr) : 8)
  if (start > bytes.length) return undefined
  const length = hasShortLength(vr) ? bytes.readUInt16LE(start - 2) : bytes.readUInt32LE(start - 4)
  const end = start + length
  if (end > LIMIT_BYTES) throw unreadable(`file meta information over ${LIMIT_BYTES} bytes`)
  if (end > bytes.length) return undefined
  return { element: bytes.readUInt16LE(position + 2), value: bytes.subarray(start, end), end }
}

/** One element of group 0002: always explicit VR little endian (PS3.10 §7.1). */
function encodeElement(number: number, vr: string, value: Buffer): Buffer {
  const headerBytes = explicitHeaderBytes(vr)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt16LE(META_GROUP, 0)
  header.writeUInt16LE(number, 2)
  header.write(vr, 4, 'latin1')
  if (hasShortLength(vr)) header.writeUInt16LE(value.length, 6)
  else header.writeUInt32LE(value.length, 8)
  return Buffer.concat([header, value])
}

/** Values have an even length: UIDs padded with NUL, text with a space (PS3.5 §6.2). */
function padded(text: string, pad: string): Buffer {
  return Buffer.from(text.length % 2 === 0 ? text : text + pad, 'latin1')
}

function unreadable(found: string): Failure {
  return new Failure('DATA_SET_UNREADABLE', `reading a DICOM file's header: ${found}`)
}
