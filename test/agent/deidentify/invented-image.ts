import type { Encoding } from '../../../src/dicom/read/element-header.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { openPixelFile, type PixelFile } from './pixel-file.ts'

export const ULTRASOUND = '1.2.840.10008.5.1.4.1.1.6.1'
export const CT = '1.2.840.10008.5.1.4.1.1.2'

export interface ImageOptions {
  readonly rows?: number
  readonly columns?: number
  readonly frames?: number
  readonly photometricInterpretation?: string
  readonly bitsAllocated?: number
  readonly bitsStored?: number
  readonly planarConfiguration?: 0 | 1
  readonly isSigned?: boolean
  readonly sopClassUid?: string
  readonly transferSyntaxUid?: string
  readonly vr?: 'OB' | 'OW'
  /** Elements by tag, VR and text. */
  readonly more?: readonly (readonly [number, string, string])[]
  /** In the place of generated ones. */
  readonly pixelData?: Buffer
  /** The offset table first; makes the pixel data encapsulated. */
  readonly fragments?: readonly Buffer[]
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  [TRANSFER_SYNTAX.ImplicitVRLittleEndian]: IMPLICIT_LITTLE,
  [TRANSFER_SYNTAX.ExplicitVRBigEndian]: EXPLICIT_BIG,
}

/** An image of noise, so that each pixel that should stay is told from one that moved. */
export function inventedImage(options: ImageOptions = {}): PixelFile {
  const {
    rows = 12,
    columns = 16,
    frames = 1,
    photometricInterpretation = 'MONOCHROME2',
    bitsAllocated = 8,
    bitsStored = bitsAllocated,
    planarConfiguration = 0,
    isSigned = false,
    sopClassUid = ULTRASOUND,
    transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    vr = bitsAllocated > 8 ? 'OW' : 'OB',
    more = [],
  } = options
  const encoding = ENCODINGS[transferSyntaxUid] ?? EXPLICIT_LITTLE
  const { element, item, sequenceEnd } = writer(encoding)
  const samples = /^(MONO|PAL)/.test(photometricInterpretation) ? 1 : 3
  const short = (value: number): Buffer => {
    const bytes = Buffer.alloc(2)
    if (encoding.littleEndian) bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return bytes
  }
  const elements: [number, Buffer][] = [
    [TAG.SOPClassUID, element(TAG.SOPClassUID, 'UI', even(sopClassUid, '\0'))],
    [TAG.PatientName, element(TAG.PatientName, 'PN', 'Invented^Patient')],
    [TAG.PatientID, element(TAG.PatientID, 'LO', 'INV-1 ')],
    [TAG.SamplesPerPixel, element(TAG.SamplesPerPixel, 'US', short(samples))],
    [
      TAG.PhotometricInterpretation,
      element(TAG.PhotometricInterpretation, 'CS', even(photometricInterpretation)),
    ],
    ...(samples > 1
      ? ([[TAG.PlanarConfiguration, element(TAG.PlanarConfiguration, 'US', short(planarConfiguration))]] as [
          number,
          Buffer,
        ][])
      : []),
    [TAG.NumberOfFrames, element(TAG.NumberOfFrames, 'IS', even(String(frames)))],
    [TAG.Rows, element(TAG.Rows, 'US', short(rows))],
    [TAG.Columns, element(TAG.Columns, 'US', short(columns))],
    [TAG.BitsAllocated, element(TAG.BitsAllocated, 'US', short(bitsAllocated))],
    [TAG.BitsStored, element(TAG.BitsStored, 'US', short(bitsStored))],
    [TAG.HighBit, element(TAG.HighBit, 'US', short(bitsStored - 1))],
    [TAG.PixelRepresentation, element(TAG.PixelRepresentation, 'US', short(isSigned ? 1 : 0))],
    ...more.map(([tag, moreVr, text]): [number, Buffer] => [tag, element(tag, moreVr, even(text))]),
  ]
  const sampleCount = rows * columns * frames * (photometricInterpretation === 'YBR_FULL_422' ? 2 : samples)
  const pixelData = options.pixelData ?? noise(sampleCount, bitsAllocated / 8, bitsStored, encoding)
  const padded = pixelData.length % 2 === 0 ? pixelData : Buffer.concat([pixelData, Buffer.alloc(1)])
  const pixels =
    options.fragments === undefined
      ? element(TAG.PixelData, vr, padded)
      : Buffer.concat([
          element(TAG.PixelData, 'OB', '', 0xffff_ffff),
          ...options.fragments.map((fragment) => item(fragment)),
          sequenceEnd,
        ])
  const dataSet = Buffer.concat([...elements.toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes), pixels])
  return openPixelFile(dataSet, transferSyntaxUid)
}

/** The same bytes in every run. */
function noise(count: number, bytesEach: number, bitsStored: number, { littleEndian }: Encoding): Buffer {
  const bytes = Buffer.alloc(count * bytesEach)
  let state = 12_345
  for (let i = 0; i < count; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    // Never 0, so that what is black was made so.
    const value = 1 + (Math.floor(state / 64) % (2 ** Math.min(bitsStored, 24) - 2))
    if (littleEndian) bytes.writeUIntLE(value, i * bytesEach, bytesEach)
    else bytes.writeUIntBE(value, i * bytesEach, bytesEach)
  }
  return bytes
}

const even = (text: string, padding = ' '): string => (text.length % 2 === 0 ? text : text + padding)
