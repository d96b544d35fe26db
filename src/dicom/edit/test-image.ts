import { randomBytes } from 'node:crypto'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../vocabulary/transfer-syntax.ts'
import { writeElementHeader } from './write-element.ts'

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'
const ENCODING = { explicitVr: true, littleEndian: true } as const
const SIDE = 64

/** A small image of no patient, to see that images reach the center. */
interface TestImage {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly studyInstanceUid: string
  readonly transferSyntaxUid: string
  readonly dataSet: Buffer
}

/** Makes a Secondary Capture image of a chessboard, of the patient FERRY^TEST, with UIDs of its own (PS3.5 §B.2). */
export function newTestImage(nowMs: number): TestImage {
  const [sopInstanceUid, studyInstanceUid, seriesInstanceUid] = [newUid(), newUid(), newUid()]
  const [date = '', time = ''] = new Date(nowMs).toISOString().replace(/[-:]/g, '').split(/[T.]/)
  const dataSet = Buffer.concat([
    text(TAG.SOPClassUID, 'UI', SECONDARY_CAPTURE),
    text(TAG.SOPInstanceUID, 'UI', sopInstanceUid),
    text(TAG.StudyDate, 'DA', date),
    text(TAG.StudyTime, 'TM', time),
    text(TAG.AccessionNumber, 'SH', ''),
    text(TAG.Modality, 'CS', 'OT'),
    text(TAG.ConversionType, 'CS', 'SYN'),
    text(TAG.ReferringPhysicianName, 'PN', ''),
    text(TAG.StudyDescription, 'LO', 'Ferry test image'),
    text(TAG.PatientName, 'PN', 'FERRY^TEST'),
    text(TAG.PatientID, 'LO', 'FERRY-TEST'),
    text(TAG.PatientBirthDate, 'DA', ''),
    text(TAG.PatientSex, 'CS', ''),
    text(TAG.StudyInstanceUID, 'UI', studyInstanceUid),
    text(TAG.SeriesInstanceUID, 'UI', seriesInstanceUid),
    text(TAG.StudyID, 'SH', 'TEST'),
    text(TAG.SeriesNumber, 'IS', '1'),
    text(TAG.InstanceNumber, 'IS', '1'),
    short(TAG.SamplesPerPixel, 1),
    text(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2'),
    short(TAG.Rows, SIDE),
    short(TAG.Columns, SIDE),
    short(TAG.BitsAllocated, 8),
    short(TAG.BitsStored, 8),
    short(TAG.HighBit, 7),
    short(TAG.PixelRepresentation, 0),
    element(TAG.PixelData, 'OB', chessboard()),
  ])
  const transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian
  return { sopClassUid: SECONDARY_CAPTURE, sopInstanceUid, studyInstanceUid, transferSyntaxUid, dataSet }
}

function chessboard(): Buffer {
  const pixels = Buffer.alloc(SIDE * SIDE)
  for (let at = 0; at < pixels.length; at++) {
    const [row, column] = [Math.floor(at / SIDE), at % SIDE]
    pixels[at] = ((row >> 3) + (column >> 3)) % 2 === 0 ? 32 : 224
  }
  return pixels
}

function text(tag: Tag, vr: string, value: string): Buffer {
  const padding = value.length % 2 === 0 ? '' : vr === 'UI' ? '\0' : ' '
  return element(tag, vr, Buffer.from(value + padding, 'latin1'))
}

function short(tag: Tag, value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return element(tag, 'US', bytes)
}

const element = (tag: Tag, vr: string, value: Buffer): Buffer =>
  Buffer.concat([writeElementHeader(tag, vr, value.length, ENCODING), value])

const newUid = (): string => `2.25.${BigInt(`0x${randomBytes(16).toString('hex')}`)}`
