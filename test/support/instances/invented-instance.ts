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

/** A small data set in Explicit VR Little Endian with `pixelBytes` bytes of noise: whole, legal, of an invented patient. */
export function inventedInstance(
  pixelBytes: number,
  uids: InventedUids = {},
): RawInstance & { studyInstanceUid: string; seriesInstanceUid: string } {
  const { sopInstanceUid = newUid(), studyInstanceUid = newUid(), seriesInstanceUid = newUid() } = uids
  const dataSet = Buffer.concat([
    element(0x0008, 0x0016, 'UI', CT_IMAGE_STORAGE),
    element(0x0008, 0x0018, 'UI', sopInstanceUid),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0010, 0x0010, 'PN', 'INVENTED^PATIENT'),
    element(0x0020, 0x000d, 'UI', studyInstanceUid),
    element(0x0020, 0x000e, 'UI', seriesInstanceUid),
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

function pixelData(bytes: Buffer): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(0x7fe0, 0)
  head.writeUInt16LE(0x0010, 2)
  head.write('OW', 4, 'latin1')
  head.writeUInt32LE(bytes.length, 8)
  return Buffer.concat([head, bytes])
}
