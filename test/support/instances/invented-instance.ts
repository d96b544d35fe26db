import { randomBytes } from 'node:crypto'
import type { RawInstance } from '../peers/send-instances.ts'
import { newUid } from './sealed-instance.ts'

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

interface InventedUids {
  sopInstanceUid?: string
  studyInstanceUid?: string
  seriesInstanceUid?: string
}

type InventedInstance = RawInstance & { studyInstanceUid: string; seriesInstanceUid: string }

/** A small data set in Explicit VR Little Endian with `pixelBytes` bytes of noise: whole, legal, of an invented patient. */
export function inventedInstance(pixelBytes: number, uids: InventedUids = {}): InventedInstance {
  return instanceWith(pixelBytes, uids, { patient: [], pixels: [] })
}

/** The same with a patient ID and a description of its pixels, so that no check finds anything odd in it. */
export function soundInstance(pixelBytes: number, uids: InventedUids = {}): InventedInstance {
  return instanceWith(pixelBytes, uids, {
    patient: [element(0x0010, 0x0020, 'LO', 'INVENTED')],
    pixels: [
      unsigned(0x0028, 0x0002, 1),
      element(0x0028, 0x0004, 'CS', 'MONOCHROME2'),
      // Frames of one pixel fit every length.
      element(0x0028, 0x0008, 'IS', String(Math.ceil(pixelBytes / 2))),
      unsigned(0x0028, 0x0010, 1),
      unsigned(0x0028, 0x0011, 1),
      unsigned(0x0028, 0x0100, 16),
      unsigned(0x0028, 0x0101, 16),
      unsigned(0x0028, 0x0102, 15),
      unsigned(0x0028, 0x0103, 0),
    ],
  })
}

function instanceWith(
  pixelBytes: number,
  uids: InventedUids,
  { patient, pixels }: { patient: readonly Buffer[]; pixels: readonly Buffer[] },
): InventedInstance {
  const { sopInstanceUid = newUid(), studyInstanceUid = newUid(), seriesInstanceUid = newUid() } = uids
  const dataSet = Buffer.concat([
    element(0x0008, 0x0016, 'UI', CT_IMAGE_STORAGE),
    element(0x0008, 0x0018, 'UI', sopInstanceUid),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0010, 0x0010, 'PN', 'INVENTED^PATIENT'),
    ...patient,
    element(0x0020, 0x000d, 'UI', studyInstanceUid),
    element(0x0020, 0x000e, 'UI', seriesInstanceUid),
    ...pixels,
    pixelData(randomBytes(pixelBytes + (pixelBytes % 2))),
  ])
  return {
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid,
    studyInstanceUid,
    seriesInstanceUid,
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN,
    dataSet,
  }
}

function element(group: number, number: number, vr: string, text: string): Buffer {
  const padded = text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' ')
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.write(vr, 4, 'latin1')
  head.writeUInt16LE(padded.length, 6)
  return Buffer.concat([head, Buffer.from(padded, 'latin1')])
}

function unsigned(group: number, number: number, value: number): Buffer {
  const bytes = Buffer.alloc(10)
  bytes.writeUInt16LE(group, 0)
  bytes.writeUInt16LE(number, 2)
  bytes.write('US', 4, 'latin1')
  bytes.writeUInt16LE(2, 6)
  bytes.writeUInt16LE(value, 8)
  return bytes
}

function pixelData(bytes: Buffer): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(0x7fe0, 0)
  head.writeUInt16LE(0x0010, 2)
  head.write('OW', 4, 'latin1')
  head.writeUInt32LE(bytes.length, 8)
  return Buffer.concat([head, bytes])
}
