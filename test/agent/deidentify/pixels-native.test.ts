import { describe, expect, test } from '@jest/globals'
import type { PixelRegion } from '../../../src/agent/deidentify/element/profile.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusPath, describeWithCorpus } from '../../support/instances/corpus.ts'
import { tagOf } from '../../support/instances/tag-named.ts'
import { profileWith } from './deidentify-element.ts'
import { CT, type ImageOptions, inventedImage } from './invented-image.ts'
import { compareMasked, deidentifyPixels, readPixelFile } from './pixel-file.ts'

const REGIONS: readonly PixelRegion[] = [
  { x: 0, y: 0, width: 16, height: 3 },
  { x: 5, y: 7, width: 4, height: 2 },
]
const INSIDE = 16 * 3 + 4 * 2
const masking = (regions: readonly PixelRegion[] = REGIONS) =>
  profileWith(['clean-pixel-data'], { pixels: [{ when: { device: 'US1' }, regions }] })

const FORMS: readonly (readonly [string, ImageOptions, readonly number[]])[] = [
  ['8 bits', {}, [0]],
  ['8 bits in implicit VR', { transferSyntaxUid: TRANSFER_SYNTAX.ImplicitVRLittleEndian }, [0]],
  ['16 bits', { bitsAllocated: 16, bitsStored: 12 }, [0]],
  [
    '16 bits, big endian',
    { bitsAllocated: 16, bitsStored: 12, transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRBigEndian },
    [0],
  ],
  ['32 bits', { bitsAllocated: 32 }, [0]],
  ['MONOCHROME1', { photometricInterpretation: 'MONOCHROME1' }, [255]],
  [
    'MONOCHROME1 of 12 bits, big endian',
    {
      photometricInterpretation: 'MONOCHROME1',
      bitsAllocated: 16,
      bitsStored: 12,
      transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRBigEndian,
    },
    [4095],
  ],
  [
    'MONOCHROME1, signed',
    { photometricInterpretation: 'MONOCHROME1', bitsAllocated: 16, bitsStored: 12, isSigned: true },
    [2047],
  ],
  ['PALETTE COLOR', { photometricInterpretation: 'PALETTE COLOR' }, [0]],
  ['RGB', { photometricInterpretation: 'RGB' }, [0, 0, 0]],
  ['RGB in planes', { photometricInterpretation: 'RGB', planarConfiguration: 1 }, [0, 0, 0]],
  ['YBR_FULL', { photometricInterpretation: 'YBR_FULL' }, [0, 128, 128]],
  ['YBR_FULL in planes', { photometricInterpretation: 'YBR_FULL', planarConfiguration: 1 }, [0, 128, 128]],
  ['YBR_FULL of 16 bits', { photometricInterpretation: 'YBR_FULL', bitsAllocated: 16 }, [0, 32_768, 32_768]],
  ['three frames', { frames: 3, photometricInterpretation: 'RGB', planarConfiguration: 1 }, [0, 0, 0]],
  ['an odd number of bytes', { rows: 11, columns: 17, frames: 3 }, [0]],
]

describe('native pixel data', () => {
  test.each(FORMS)('masking makes the regions of %s black, and changes no other pixel', (_, form, black) => {
    const before = inventedImage(form)
    for (const chunkBytes of [1, 7, 64, 65_536]) {
      const after = deidentifyPixels(before, masking(), { chunkBytes })
      expect(compareMasked(before, after, REGIONS, black)).toEqual({
        visible: 0,
        changed: 0,
        masked: INSIDE * (form.frames ?? 1),
      })
      expect(after.areClean).toBe(true)
      expect(after.pixels.length).toBe(before.pixels.length)
    }
  })

  test('a region that is not the one of the rule is found visible and changed', () => {
    const before = inventedImage()
    const after = deidentifyPixels(before, masking([{ x: 1, y: 0, width: 15, height: 3 }]))
    expect(compareMasked(before, after, REGIONS, [0])).toMatchObject({ visible: 3 + 8, changed: 0 })
    expect(compareMasked(before, after, [], [0]).changed).toBe(15 * 3)
  })

  test('8-bit pixels in big-endian words are masked where they are seen, not where they are stored', () => {
    const { pixels } = inventedImage({ rows: 11, columns: 18 })
    const before = inventedImage({
      rows: 11,
      columns: 18,
      vr: 'OW',
      transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRBigEndian,
      pixelData: Buffer.from(pixels).swap16(),
    })
    for (const chunkBytes of [1, 3, 65_536]) {
      const after = deidentifyPixels(before, masking([{ x: 3, y: 2, width: 6, height: 4 }]), { chunkBytes })
      const seen = compareMasked(
        { ...before, pixels },
        { ...after, pixels: Buffer.from(after.pixels).swap16() },
        [{ x: 3, y: 2, width: 6, height: 4 }],
        [0],
      )
      expect(seen).toEqual({ visible: 0, changed: 0, masked: 24 })
    }
  })

  test('both of two pixels that share their colour become black', () => {
    const before = inventedImage({ photometricInterpretation: 'YBR_FULL_422', columns: 8, rows: 4 })
    const after = deidentifyPixels(before, masking([{ x: 3, y: 1, width: 2, height: 1 }]))
    const row = after.pixels.subarray(16, 32)
    expect(row.subarray(4, 12)).toEqual(Buffer.from([0, 0, 128, 128, 0, 0, 128, 128]))
    const restored = Buffer.from(after.pixels)
    before.pixels.copy(restored, 20, 20, 28)
    expect(restored).toEqual(before.pixels)
  })

  test.each([
    ['single bits', { bitsAllocated: 8, more: [] }, 1],
    ['12 bits packed', { bitsAllocated: 8 }, 12],
  ] as const)('pixels of %s are withheld rather than masked by guess', (_, form, bits) => {
    const before = inventedImage(form)
    const at = before.dataSet.indexOf(Buffer.from('28000001555302000800', 'hex'))
    before.dataSet.writeUInt8(bits, at + 8)
    expect(() => deidentifyPixels(before, masking())).toThrow(/has to be masked/)
  })

  test('pixel data that is shorter or longer than its attributes say is withheld', () => {
    for (const bytes of [12 * 16 - 2, 12 * 16 + 2]) {
      const before = inventedImage({ pixelData: Buffer.alloc(bytes, 1) })
      expect(() => deidentifyPixels(before, masking())).toThrow(/another length/)
    }
  })

  test('an image is withheld if the region of its rule lies outside its pixels', () => {
    const outside = [...REGIONS, { x: 0, y: 600, width: 10, height: 10 }]
    expect(() => deidentifyPixels(inventedImage(), masking(outside))).toThrow(/another size/)
  })

  test('pixels and the attributes that describe them keep their bytes if no rule applies', () => {
    const before = inventedImage({ sopClassUid: CT })
    const after = deidentifyPixels(before, profileWith([]))
    expect(after.pixels).toEqual(before.pixels)
    expect(after.areClean).toBe(false)
  })

  test('unknown elements beside the pixels do not stay', () => {
    const before = inventedImage({ sopClassUid: CT, more: [[tagOf(0x7fe0, 0x0005), 'LO', 'ZHANGSAN']] })
    expect(before.dataSet.includes('ZHANGSAN')).toBe(true)
    expect(deidentifyPixels(before, profileWith([])).dataSet.includes('ZHANGSAN')).toBe(false)
  })
})

describeWithCorpus('native pixel data of devices', () => {
  test.each([
    ['modality/us/us-philips-burned-in-name.dcm'],
    ['modality/us/us-ge-rgb-planar-1.dcm'],
    ['modality/sc/sc-rgb-100px.dcm'],
    ['transfer-syntax/mr-small-big-endian.dcm'],
    ['deid/big-endian-siemens-fictitious-phi.dcm'],
  ])('masking makes the regions of %s black, and changes no other pixel', (name) => {
    const before = readPixelFile(corpusPath(name))
    const regions = [{ x: 0, y: 0, width: before.image.columns, height: 20 }]
    const after = deidentifyPixels(before, masking(regions))
    const black = before.image.samplesPerPixel === 3 ? [0, 0, 0] : [0]
    expect(compareMasked(before, after, regions, black)).toEqual({
      visible: 0,
      changed: 0,
      masked: before.image.columns * 20 * before.image.frames,
    })
    expect(after.head.find(TAG.BurnedInAnnotation)?.value.toString().trim() ?? 'NO').toBe('NO')
  })
})
