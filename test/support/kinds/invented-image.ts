import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import {
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  UNDEFINED,
  writer,
} from '../../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../instances/tag-named.ts'
import { Random } from '../random.ts'
import type { KindCase } from './kind-case.ts'

export const CT = '1.2.840.10008.5.1.4.1.1.2'
const ROOT = '1.2.826.0.1.9999'

/** Invented, and few: what is known of a person is made ready for a search once. */
export const PEOPLE = Array.from({ length: 5 }, (_, i) => {
  const random = new Random(7 + i)
  return {
    family: `Q${random.letters(8)}`,
    given: `X${random.letters(7)}`,
    patientId: `H${random.digits(9)}`,
  }
})

/** How an image is written. */
export interface Way {
  readonly uid: string
  readonly isExplicit: boolean
  readonly isLittle: boolean
  readonly isCompressed: boolean
  readonly write: ReturnType<typeof writer>
}

const way = (uid: string, encoding: typeof EXPLICIT_LITTLE, isCompressed = false): Way => ({
  uid,
  isExplicit: encoding.explicitVr,
  isLittle: encoding.littleEndian,
  isCompressed,
  write: writer(encoding),
})
export const IMPLICIT = way(TRANSFER_SYNTAX.ImplicitVRLittleEndian, IMPLICIT_LITTLE)
export const EXPLICIT = way(TRANSFER_SYNTAX.ExplicitVRLittleEndian, EXPLICIT_LITTLE)
const BIG = way(TRANSFER_SYNTAX.ExplicitVRBigEndian, EXPLICIT_BIG)
export const RLE = way(TRANSFER_SYNTAX.RLELossless, EXPLICIT_LITTLE, true)
export const NATIVE: readonly Way[] = [IMPLICIT, IMPLICIT, EXPLICIT, EXPLICIT, BIG]
export const WAYS: readonly Way[] = [...NATIVE, RLE]

/** One element of the data set itself. */
export interface Part {
  readonly tag: number
  readonly vr: string
  readonly value: Buffer
  /** The length that the device states; that of the value if undefined. */
  readonly stated?: number | undefined
  /** All bytes of the element, in place of what its value gives. */
  readonly raw?: Buffer | undefined
}

/** A CT slice of an invented person. */
export interface InventedImage {
  readonly way: Way
  readonly identifiers: KindCase['identifiers']
  readonly planted: readonly Buffer[]
  readonly pixels: Buffer
  /** In the order of their tags. */
  readonly parts: readonly Part[]
}

/** Returns a sound image with sequences, private elements and a palette, a part of them by chance. */
export function inventedImage(random: Random, ways: readonly Way[] = WAYS): InventedImage {
  const written = random.pick(ways)
  const instance = `${ROOT}.${random.digits(9).replace(/^0+/, '1')}`
  const identifiers = {
    sopClassUid: CT,
    sopInstanceUid: `${instance}.4.${random.between(1, 9999)}`,
    studyInstanceUid: instance,
    seriesInstanceUid: `${instance}.2`,
    modality: 'CT',
  }
  const { family, given, patientId } = random.pick(PEOPLE)
  // A few are as large as those of a scanner: more than any reading holds.
  const isLarge = random.between(0, 799) === 0
  const [rows, columns] = isLarge ? [300, 400] : [random.between(2, 12), 2 * random.between(1, 12)]
  const pixels = withBlackBorders(random, random.bytes(rows * columns * 2))
  const short = (tag: number, value: number): Part => ({ tag, vr: 'US', value: word(value, written) })
  const all: Part[] = [
    text(TAG.SpecificCharacterSet, 'CS', 'ISO_IR 100'),
    text(TAG.ImageType, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'),
    text(TAG.SOPClassUID, 'UI', identifiers.sopClassUid),
    text(TAG.SOPInstanceUID, 'UI', identifiers.sopInstanceUid),
    text(TAG.StudyDate, 'DA', '20240105'),
    text(TAG.Modality, 'CS', 'CT'),
    text(tagNamed('Manufacturer'), 'LO', 'MAKER'),
    text(TAG.InstitutionName, 'LO', `House of ${family}`),
    text(TAG.StudyDescription, 'LO', `Chest of ${given} ${family}`),
    text(tagNamed('ManufacturerModelName'), 'LO', 'MODEL 7'),
    text(TAG.PatientName, 'PN', `${family}^${given}`),
    text(TAG.PatientID, 'LO', patientId),
    text(TAG.PatientBirthDate, 'DA', '19700131'),
    text(tagNamed('SliceThickness'), 'DS', '5'),
    text(tagNamed('SoftwareVersions'), 'LO', 'V1.2'),
    text(tagNamed('ProtocolName'), 'LO', 'CHEST'),
    text(TAG.StudyInstanceUID, 'UI', identifiers.studyInstanceUid),
    text(TAG.SeriesInstanceUID, 'UI', identifiers.seriesInstanceUid),
    text(tagNamed('StudyID'), 'SH', '1'),
    text(tagNamed('InstanceNumber'), 'IS', '12'),
    short(TAG.SamplesPerPixel, 1),
    text(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2'),
    short(TAG.Rows, rows),
    short(TAG.Columns, columns),
    short(TAG.BitsAllocated, 16),
    short(TAG.BitsStored, 16),
    short(TAG.HighBit, 15),
    short(TAG.PixelRepresentation, 0),
    ...(random.isIn(30) ? [references(written, random.isIn(50))] : []),
    ...(random.isIn(30)
      ? [text(tagOf(0x0009, 0x0010), 'LO', 'ACME 1'), text(tagOf(0x0009, 0x1001), 'LO', `${family} again`)]
      : []),
    pixelPart(written, pixels),
  ]
  const planted = [family, given, patientId].map((one) => Buffer.from(one))
  return { way: written, identifiers, planted, pixels, parts: inOrder(all) }
}

/** An image is known by these bytes, which are not black. */
const KNOWN_BY_BYTES = 8

/** Most images of real devices begin and end with black pixels: zeros, as they also fill up a file. */
function withBlackBorders(random: Random, pixels: Buffer): Buffer {
  const shape = random.pick(['none', 'none', 'none', 'above', 'below', 'around'])
  const most = (pixels.length - KNOWN_BY_BYTES) / (shape === 'around' ? 2 : 1)
  const border = random.between(0, Math.floor(most))
  if (shape === 'above' || shape === 'around') pixels.fill(0, 0, border)
  if (shape === 'below' || shape === 'around') pixels.fill(0, pixels.length - border)
  return pixels
}

/** Referenced Image Sequence, with one item, and in it UIDs that are not those of the image. */
function references({ write: { element, item, itemEnd, sequenceEnd } }: Way, isStated: boolean): Part {
  const content = Buffer.concat([
    element(TAG.ReferencedSOPClassUID, 'UI', even(CT, 'UI')),
    element(TAG.ReferencedSOPInstanceUID, 'UI', even(`${ROOT}.666.1`, 'UI')),
    element(TAG.StudyInstanceUID, 'UI', even(`${ROOT}.666`, 'UI')),
  ])
  if (isStated) return { tag: TAG.ReferencedImageSequence, vr: 'SQ', value: item(content) }
  const value = Buffer.concat([item(content, UNDEFINED), itemEnd, sequenceEnd])
  return { tag: TAG.ReferencedImageSequence, vr: 'SQ', value, stated: UNDEFINED }
}

function pixelPart({ isCompressed, write: { item, sequenceEnd } }: Way, pixels: Buffer): Part {
  if (!isCompressed) return { tag: TAG.PixelData, vr: 'OW', value: pixels }
  const value = Buffer.concat([item(Buffer.alloc(0)), item(rleFrame(pixels)), sequenceEnd])
  return { tag: TAG.PixelData, vr: 'OB', value, stated: UNDEFINED }
}

/** Two segments of literal runs, high bytes first (PS3.5 §G). */
function rleFrame(pixels: Buffer): Buffer {
  const half = (from: number): Buffer => Buffer.from(pixels.filter((_, i) => i % 2 === from))
  const [high, low] = [literals(half(1)), literals(half(0))]
  const header = Buffer.alloc(64)
  header.writeUInt32LE(2, 0)
  header.writeUInt32LE(64, 4)
  header.writeUInt32LE(64 + high.length, 8)
  return Buffer.concat([header, high, low])
}

function literals(bytes: Buffer): Buffer {
  const runs: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 128) {
    const run = bytes.subarray(at, at + 128)
    runs.push(Buffer.from([run.length - 1]), run)
  }
  const all = Buffer.concat(runs)
  return all.length % 2 === 0 ? all : Buffer.concat([all, Buffer.from([0x80])])
}

/** Writes it down, and says what is true of it unless `claims` says otherwise. */
export function caseOf(
  { way: written, identifiers, planted, pixels, parts }: InventedImage,
  claims: Partial<KindCase> = {},
): KindCase {
  return {
    transferSyntaxUid: written.uid,
    dataSet: bytesOf(parts, written),
    ending: 'whole',
    isSound: false,
    identifiers,
    isFindable: true,
    planted,
    pixels: written.isCompressed ? rleFrame(pixels) : pixels,
    isDeclaredTruly: true,
    ...claims,
  }
}

export function bytesOf(parts: readonly Part[], { write }: Way): Buffer {
  return Buffer.concat(
    parts.map(({ tag, vr, value, stated, raw }) => raw ?? write.element(tag, vr, value, stated)),
  )
}

const inOrder = (parts: readonly Part[]): Part[] => parts.toSorted((a, b) => a.tag - b.tag)

/** The same image with these parts added, in order; one of a tag that is there already takes its place. */
export function withParts(image: InventedImage, parts: readonly Part[]): InventedImage {
  const all = new Map([...image.parts, ...parts].map((part) => [part.tag, part]))
  return { ...image, parts: inOrder(Array.from(all.values())) }
}

/** The same image in which this part is another. */
export function withOther(image: InventedImage, part: Part, other: Partial<Part>): InventedImage {
  return { ...image, parts: image.parts.map((one) => (one === part ? { ...one, ...other } : one)) }
}

/** A text element of the data set itself. */
const text = (tag: number, vr: string, value: string): Part => ({ tag, vr, value: even(value, vr) })

export function even(content: string, vr: string): Buffer {
  const bytes = Buffer.from(content, 'latin1')
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')])
}

export function word(value: number, { isLittle }: Way): Buffer {
  return Buffer.from(isLittle ? [value & 0xff, value >>> 8] : [value >>> 8, value & 0xff])
}
