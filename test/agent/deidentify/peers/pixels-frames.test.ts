import { beforeAll, describe, expect, test } from '@jest/globals'
import type { PixelRegion } from '../../../../src/agent/deidentify/element/profile.ts'
import { openPixelCodecs, type PixelCodecs } from '../../../../src/agent/deidentify/pixels/pixel-codec.ts'
import { TAG } from '../../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../../src/dicom/vocabulary/transfer-syntax.ts'
import { until } from '../../../support/clocks/until.ts'
import { corpusPath, describeWithCorpus } from '../../../support/instances/corpus.ts'
import { profileWith } from '../deidentify-element.ts'
import { type ImageOptions, inventedImage } from '../invented-image.ts'
import {
  compareMasked,
  dciodvfyErrors,
  deidentifyPixels,
  openPixelFile,
  type PixelFile,
  readPixelFile,
  throughDcmtk,
} from '../pixel-file.ts'

let codecs: PixelCodecs
beforeAll(async () => {
  codecs = await openPixelCodecs()
})

const masking = (regions: readonly PixelRegion[]) =>
  profileWith(['clean-pixel-data', 'retain-uids'], { pixels: [{ when: {}, regions }] })
/** A line on top, and a rectangle on odd places. */
const regionsOf = ({ image }: PixelFile): PixelRegion[] => [
  { x: 0, y: 0, width: image.columns, height: 5 },
  { x: 13, y: 11, width: 21, height: 9 },
]
const blackOf = ({ image }: PixelFile): number[] => {
  if (image.photometricInterpretation === 'MONOCHROME1') return [2 ** image.bitsStored - 1]
  if (image.photometricInterpretation === 'YBR_FULL') return [0, 128, 128]
  return image.samplesPerPixel === 3 ? [0, 0, 0] : [0]
}
const clean = (before: PixelFile): PixelFile =>
  deidentifyPixels(before, masking(regionsOf(before)), { codecs })
const cleanOrNot = (before: PixelFile): PixelFile | undefined => {
  try {
    return clean(before)
  } catch {
    return undefined
  }
}
/** By those programs of DCMTK, which share nothing with what wrote them. */
function seenBy(before: PixelFile, after: PixelFile, decoders: readonly [string, string]) {
  const [was, is] = [throughDcmtk(before, decoders[0]), throughDcmtk(after, decoders[1])]
  return compareMasked(was, is, regionsOf(before), blackOf(is))
}
const MASKED = { visible: 0, changed: 0 }
const FORMS: readonly (readonly [string, ImageOptions])[] = [
  ['8 bits', {}],
  ['16 bits', { bitsAllocated: 16 }],
  ['12 of 16 bits', { bitsAllocated: 16, bitsStored: 12 }],
  ['MONOCHROME1', { photometricInterpretation: 'MONOCHROME1' }],
  ['RGB', { photometricInterpretation: 'RGB' }],
  ['RGB in planes', { photometricInterpretation: 'RGB', planarConfiguration: 1 }],
  ['YBR_FULL', { photometricInterpretation: 'YBR_FULL' }],
  ['three frames', { frames: 3, photometricInterpretation: 'RGB' }],
  ['an odd number of bytes', { rows: 33, columns: 41, frames: 2 }],
]
const SOURCES: readonly (readonly [
  string,
  readonly [string, ...string[]],
  readonly [string, string],
  string,
])[] = [
  ['RLE Lossless', ['dcmcrle'], ['dcmdrle', 'dcmdrle'], TRANSFER_SYNTAX.RLELossless],
  ['lossless JPEG', ['dcmcjpeg', '+e1'], ['dcmdjpeg', 'dcmdjpeg'], TRANSFER_SYNTAX.JPEGLosslessSV1],
  ['JPEG-LS', ['dcmcjpls'], ['dcmdjpls', 'dcmdjpls'], TRANSFER_SYNTAX.JPEGLSLossless],
  ['JPEG-LS with losses', ['dcmcjpls', '+en'], ['dcmdjpls', 'dcmdjpls'], TRANSFER_SYNTAX.JPEGLSLossless],
]

function invented(form: ImageOptions): PixelFile {
  return inventedImage({ rows: 32, columns: 40, more: [[TAG.SOPInstanceUID, 'UI', '1.2.3.4']], ...form })
}

describe.each(SOURCES)('%s by DCMTK', (_, [program, ...options], decoders, syntax) => {
  test.each(FORMS)('masking makes the regions of %s black, and changes no other pixel', (__, form) => {
    const before = throughDcmtk(invented(form), program, ...options)
    const after = clean(before)
    expect(after.transferSyntaxUid).toBe(syntax)
    expect(seenBy(before, after, decoders)).toMatchObject(MASKED)
    const [table, ...frames] = after.fragments
    expect(table).toHaveLength(0)
    expect(frames).toHaveLength(before.image.frames)
  })
})

describe.each([
  ['JPEG with losses', ['+eb']],
  ['JPEG with losses, in RGB', ['+eb', '+cr']],
  ['JPEG with losses, colours not subsampled', ['+eb', '+s4']],
])('%s by DCMTK', (_, options) => {
  test.each([
    ['8 bits', {}],
    ['RGB', { photometricInterpretation: 'RGB' }],
    ['three frames', { frames: 3, photometricInterpretation: 'RGB' }],
  ])('%s becomes JPEG-LS when masked; the regions are black, and no other pixel changes', (__, form) => {
    const before = throughDcmtk(invented(form), 'dcmcjpeg', ...options)
    const after = clean(before)
    expect(after.transferSyntaxUid).toBe(TRANSFER_SYNTAX.JPEGLSLossless)
    expect(after.head.find(TAG.LossyImageCompression)?.value.toString()).toBe('01')
    expect(seenBy(before, after, ['dcmdjpeg', 'dcmdjpls'])).toMatchObject(MASKED)
  })
})

const whole = (): PixelFile => throughDcmtk(invented({ frames: 3 }), 'dcmcjpeg', '+eb')

describe('frames in several fragments', () => {
  test('fragments of a frame are put together, with and without a table of their offsets', () => {
    const before = whole()
    const [, ...frames] = before.fragments
    const pieces = frames.map(split)
    expect(pieces.flat().length).toBeGreaterThan(6)
    const table = Buffer.alloc(12)
    const taken = pieces.map((parts) => parts.reduce((sum, { length }) => sum + 8 + length, 0))
    table.writeUInt32LE(taken[0] ?? 0, 4)
    table.writeUInt32LE((taken[0] ?? 0) + (taken[1] ?? 0), 8)
    for (const offsets of [Buffer.alloc(0), table, Buffer.alloc(12, 0xee)]) {
      const after = clean(withFragments(before, [offsets, ...pieces.flat()]))
      expect(after.fragments).toHaveLength(4)
      expect(after.fragments[0]).toHaveLength(0)
      expect(seenBy(before, after, ['dcmdjpeg', 'dcmdjpls'])).toMatchObject(MASKED)
    }
  })

  test('an extended offset table does not stay, since it holds no longer', () => {
    const before = whole()
    const at = before.dataSet.indexOf(Buffer.from('e07f1000', 'hex'))
    const tables = Buffer.concat([
      Buffer.from('e07f01004f56000018000000', 'hex'),
      Buffer.alloc(24, 1),
      Buffer.from('e07f02004f56000018000000', 'hex'),
      Buffer.alloc(24, 2),
    ])
    const dataSet = Buffer.concat([before.dataSet.subarray(0, at), tables, before.dataSet.subarray(at)])
    const after = clean({ ...before, dataSet })
    expect(after.dataSet.includes(Buffer.from('e07f01004f56', 'hex'))).toBe(false)
    expect(after.dataSet.includes(Buffer.from('e07f02004f56', 'hex'))).toBe(false)
    expect(seenBy(before, after, ['dcmdjpeg', 'dcmdjpls'])).toMatchObject(MASKED)
    const kept = deidentifyPixels(
      { ...before, dataSet },
      profileWith([], { pixels: [{ when: {}, regions: [] }] }),
    )
    expect(kept.dataSet.includes(tables)).toBe(true)
  })

  test('one frame too few or too many is withheld', () => {
    const before = whole()
    const [table = Buffer.alloc(0), ...frames] = before.fragments
    for (const others of [frames.slice(1), [...frames, ...frames.slice(0, 1)]]) {
      expect(() => clean(withFragments(before, [table, ...others]))).toThrow(/does not hold the 3 frames/)
    }
    const rle = throughDcmtk(invented({ frames: 2 }), 'dcmcrle')
    expect(() => clean(withFragments(rle, rle.fragments.slice(0, 2)))).toThrow(/does not hold the 2 frames/)
  })
})

describe('frames that cannot be decoded', () => {
  test.each([
    ['JPEG', ['dcmcjpeg', '+eb']],
    ['lossless JPEG', ['dcmcjpeg', '+e1']],
    ['JPEG-LS', ['dcmcjpls']],
  ] as const)(
    'a hundred damaged frames of %s at once are withheld, and soon good ones are masked again',
    async (_, [program, ...options]) => {
      const good = throughDcmtk(invented({}), program, ...options)
      const [table = Buffer.alloc(0), frame = Buffer.alloc(0)] = good.fragments
      const bad = Buffer.concat([frame.subarray(0, 20), Buffer.alloc(frame.length, 0x5a)])
      for (let i = 0; i < 100; i++) {
        expect(() => clean(withFragments(good, [table, bad.subarray(0, 20 + 2 * i)]))).toThrow(
          /has to be masked/,
        )
      }
      const after = await until(
        () => cleanOrNot(good),
        (done) => done !== undefined,
      )
      const decoder = program === 'dcmcjpls' ? 'dcmdjpls' : 'dcmdjpeg'
      const again = after?.transferSyntaxUid === TRANSFER_SYNTAX.JPEGLSLossless ? 'dcmdjpls' : 'dcmdjpeg'
      expect(after && seenBy(good, after, [decoder, again])).toMatchObject(MASKED)
    },
  )

  test('a frame of another size than the attributes say is withheld', () => {
    const before = throughDcmtk(invented({}), 'dcmcjpls')
    const other = throughDcmtk(invented({ rows: 30 }), 'dcmcjpls')
    expect(() => clean(withFragments(before, other.fragments))).toThrow(/has to be masked/)
  })
})

describeWithCorpus('compressed pixel data of devices', () => {
  const { RLELossless, JPEGLSLossless, JPEGLosslessSV1, JPEGLossless, JPEG2000Lossless, HTJ2KLossless } =
    TRANSFER_SYNTAX

  test.each([
    ['transfer-syntax/mr-small-rle.dcm', 'dcmdrle', RLELossless],
    ['transfer-syntax/ct-family/rle.dcm', 'dcmdrle', RLELossless],
    ['modality/us/us-acuson-rle-ybr-full.dcm', 'dcmdrle', RLELossless],
    ['modality/us/us-multiframe-10-jpeg-demo.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/fragmented-8-frames-jpeg-no-offset-table.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['modality/sm/sm-label-burned-in-yes.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['deid/burned-in-text-source.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/ct-family/jpeg-baseline.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/ct-family/jpeg-extended.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/ct-family/jpeg-spectral-retired.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/ct-family/jpeg-progressive-retired.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/jpeg-extended-nm.dcm', 'dcmdjpeg', JPEGLSLossless],
    ['transfer-syntax/ct-family/jpeg-lossless-14.dcm', 'dcmdjpeg', JPEGLossless],
    ['transfer-syntax/ct-family/jpeg-lossless-sv1.dcm', 'dcmdjpeg', JPEGLosslessSV1],
    ['modality/nm/nm-as-secondary-capture-jpeg-lossless.dcm', 'dcmdjpeg', JPEGLosslessSV1],
    ['transfer-syntax/ct-family/jpeg-ls.dcm', 'dcmdjpls', JPEGLSLossless],
    ['transfer-syntax/ct-family/jpeg-ls-near.dcm', 'dcmdjpls', JPEGLSLossless],
    ['transfer-syntax/fragmented-enhanced-ct-jpeg-ls.dcm', 'dcmdjpls', JPEGLSLossless],
    ['transfer-syntax/mr-small-jpeg-ls.dcm', 'dcmdjpls', JPEGLSLossless],
  ])(
    'masking %s, as seen by %s, makes the regions black and changes no other pixel',
    (name, decoder, syntax) => {
      const before = readPixelFile(corpusPath(name))
      const after = clean(before)
      expect(after.transferSyntaxUid).toBe(syntax)
      const again = syntax === JPEGLSLossless ? 'dcmdjpls' : decoder
      expect(seenBy(before, after, [decoder, again])).toMatchObject(MASKED)
      const known = dciodvfyErrors(before)
      expect(dciodvfyErrors(after).filter((error) => !known.includes(error))).toEqual([])
    },
  )

  // DCMTK reads no JPEG 2000: here the codec itself is the witness.
  test.each([
    ['transfer-syntax/ct-family/j2k-lossless.dcm', JPEG2000Lossless],
    ['transfer-syntax/ct-family/j2k.dcm', JPEG2000Lossless],
    ['transfer-syntax/mr-small-j2k-lossless.dcm', JPEG2000Lossless],
    ['modality/cr/cr-fuji-j2k.dcm', JPEG2000Lossless],
    ['deid/burned-in-annotation-yes.dcm', JPEG2000Lossless],
    ['transfer-syntax/htj2k-lossless-rgb.dcm', HTJ2KLossless],
  ])('masking %s, decoded again, makes the regions black and changes no other pixel', (name, syntax) => {
    const before = readPixelFile(corpusPath(name))
    const after = clean(before)
    expect(after.transferSyntaxUid).toBe(syntax)
    expect(after.image.photometricInterpretation).toBe(
      before.image.samplesPerPixel === 3 ? 'YBR_RCT' : before.image.photometricInterpretation,
    )
    const seen = compareMasked(native(before), native(after), regionsOf(before), blackOf(before))
    expect(seen).toMatchObject(MASKED)
    const known = dciodvfyErrors(before)
    expect(dciodvfyErrors(after).filter((error) => !known.includes(error))).toEqual([])
  })
})

/** A single frame, decoded by the codec itself. */
function native(file: PixelFile): PixelFile {
  const codec = codecs.codecFor(file.transferSyntaxUid, file.image)
  return { ...file, pixels: codec?.decode(Buffer.concat(file.fragments.slice(1))) ?? Buffer.alloc(0) }
}

function split(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 100) pieces.push(bytes.subarray(at, at + 100))
  return pieces
}

/** The file with other fragments, the offset table first. */
function withFragments(file: PixelFile, fragments: readonly Buffer[]): PixelFile {
  const at = file.dataSet.indexOf(Buffer.from('e07f10004f420000ffffffff', 'hex'))
  const items = fragments.flatMap((bytes) => {
    const header = Buffer.from('feff00e000000000', 'hex')
    header.writeUInt32LE(bytes.length, 4)
    return [header, bytes]
  })
  const end = Buffer.from('feffdde000000000', 'hex')
  const dataSet = Buffer.concat([file.dataSet.subarray(0, at + 12), ...items, end])
  return openPixelFile(dataSet, file.transferSyntaxUid)
}
