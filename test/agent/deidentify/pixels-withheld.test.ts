import { describe, expect, test } from '@jest/globals'
import type { PixelRule } from '../../../src/agent/deidentify/element/profile.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { corpusFiles, describeWithCorpus } from '../../support/instances/corpus.ts'
import { tagOf } from '../../support/instances/tag-named.ts'
import { profileWith } from './deidentify-element.ts'
import { CT, type ImageOptions, inventedImage, ULTRASOUND } from './invented-image.ts'
import { deidentifyPixels, readPixelFile } from './pixel-file.ts'

const CLASS = '1.2.840.10008.5.1.4.1.1.'
const LOOKED: PixelRule = { when: {}, regions: [] }

/** Returns the words for the operator; undefined if the instance may leave. */
function reason(
  image: ImageOptions,
  pixels: readonly PixelRule[] = [],
  passDocuments = false,
): string | undefined {
  try {
    deidentifyPixels(inventedImage(image), profileWith([], { pixels, passDocuments }))
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.code === 'DEID_WITHHELD') return error.message
    throw error
  }
}

describe('images that usually show their patient', () => {
  test.each([
    ['ultrasound', { sopClassUid: ULTRASOUND }],
    ['ultrasound in several frames', { sopClassUid: `${CLASS}3.1` }],
    ['the retired class of ultrasound', { sopClassUid: `${CLASS}6` }],
    ['a secondary capture', { sopClassUid: `${CLASS}7` }],
    ['an endoscope', { sopClassUid: `${CLASS}77.1.1` }],
    ['a photograph', { sopClassUid: `${CLASS}77.1.4` }],
    ['modality US in another class', { sopClassUid: CT, more: [[TAG.Modality, 'CS', 'US']] }],
    ['a private class', { sopClassUid: '1.2.3.4.5' }],
    ['a CT that says so', { sopClassUid: CT, more: [[TAG.BurnedInAnnotation, 'CS', 'YES']] }],
    [
      'a screen saved by a CT',
      { sopClassUid: CT, more: [[TAG.ImageType, 'CS', 'DERIVED\\SECONDARY\\SCREEN SAVE']] },
    ],
    [
      'the label of a slide',
      { sopClassUid: `${CLASS}77.1.6`, more: [[TAG.ImageType, 'CS', 'ORIGINAL\\PRIMARY\\LABEL\\NONE']] },
    ],
    ['digitized film', { sopClassUid: `${CLASS}1`, more: [[TAG.ConversionType, 'CS', 'DF']] }],
    [
      'an overlay in the unused bits',
      {
        sopClassUid: CT,
        more: [
          [tagOf(0x6000, 0x0010), 'US', '\x10\0'],
          [tagOf(0x6000, 0x0100), 'US', '\x10\0'],
        ],
      },
    ],
  ] as const satisfies readonly (readonly [string, ImageOptions])[])(
    '%s is withheld until a rule covers it',
    (_, image) => {
      expect(reason(image)).toMatch(
        /no pixel rule of profile test covers images of 16 x 12 from US1; add one/,
      )
      expect(reason(image, [LOOKED])).toBeUndefined()
    },
  )

  test.each([
    ['a CT', { sopClassUid: CT }],
    [
      'a CT that says that nothing is burned in',
      { sopClassUid: CT, more: [[TAG.BurnedInAnnotation, 'CS', 'NO']] },
    ],
    [
      'a reformatted CT',
      { sopClassUid: CT, more: [[TAG.ImageType, 'CS', 'DERIVED\\SECONDARY\\REFORMATTED']] },
    ],
    [
      'a slide',
      { sopClassUid: `${CLASS}77.1.6`, more: [[TAG.ImageType, 'CS', 'ORIGINAL\\PRIMARY\\VOLUME\\NONE']] },
    ],
  ] as const satisfies readonly (readonly [string, ImageOptions])[])('%s may leave', (_, image) => {
    expect(reason(image)).toBeUndefined()
  })

  test('the first pixel rule that fits counts, and one for other images does not', () => {
    const image = { sopClassUid: ULTRASOUND, more: [[TAG.Modality, 'CS', 'US']] } as const
    for (const when of [
      { device: 'US2' },
      { modality: 'XA' },
      { sopClassUid: CT },
      { rows: 13 },
      { columns: 17 },
      { rows: 12, columns: 17 },
      { burnedInAnnotation: 'NO' },
    ] as const) {
      expect(reason(image, [{ when, regions: [] }])).toBeDefined()
    }
    for (const when of [
      { device: 'US1' },
      { device: 'ULTRASOUND' },
      { modality: 'US' },
      { sopClassUid: ULTRASOUND },
      { rows: 12, columns: 16 },
      { burnedInAnnotation: '' },
    ] as const) {
      expect(reason(image, [{ when, regions: [] }])).toBeUndefined()
    }
    const first = deidentifyPixels(
      inventedImage(image),
      profileWith([], {
        pixels: [{ when: { rows: 12 }, regions: [{ x: 0, y: 0, width: 1, height: 1 }] }, LOOKED],
      }),
    )
    expect(first.pixels[0]).toBe(0)
  })

  test('the reason for withholding names no value of the patient', () => {
    const more = [
      [TAG.Modality, 'CS', 'ZHANGSAN'],
      [TAG.PatientName, 'PN', 'ZHANGSAN'],
      [TAG.BurnedInAnnotation, 'CS', 'YES'],
    ] as const
    expect(reason({ more })).not.toContain('ZHANG')
    const masked = [{ when: {}, regions: [{ x: 0, y: 0, width: 1, height: 1 }] }]
    const odd = reason({ more, photometricInterpretation: 'PALZHANGSAN' }, masked)
    expect(odd).toMatch(/has to be masked/)
    expect(odd).not.toContain('ZHANG')
  })
})

describe('documents', () => {
  test.each(['104.1', '104.2', '104.3', '66', '9.4.1'])(
    'a document of class %s is withheld unless the profile lets it pass',
    (suffix) => {
      const image = { sopClassUid: CLASS + suffix }
      expect(reason(image)).toMatch(/document or raw data/)
      expect(reason(image, [LOOKED])).toMatch(/document or raw data/)
      expect(reason(image, [], true)).toBeUndefined()
    },
  )
})

describe('images that cannot be masked', () => {
  const masked = [{ when: {}, regions: [{ x: 0, y: 0, width: 1, height: 1 }] }]

  test.each([
    ['a video', TRANSFER_SYNTAX.MPEG4HP41],
    ['JPEG XL', TRANSFER_SYNTAX.JPEGXL],
    ['a private syntax', '1.2.3.4'],
    ['JPEG without its codecs', TRANSFER_SYNTAX.JPEGBaseline8Bit],
  ])('%s is withheld, and may leave where nothing has to be masked', (_, transferSyntaxUid) => {
    const image = { transferSyntaxUid, fragments: [Buffer.alloc(0), Buffer.from('ffd8ffd9', 'hex')] }
    expect(reason(image, masked)).toMatch(/has to be masked/)
    expect(reason(image, [LOOKED], true)).toBeUndefined()
  })

  test('compressed pixel data of a length, or fragments in an uncompressed syntax, are withheld', () => {
    expect(reason({ transferSyntaxUid: TRANSFER_SYNTAX.RLELossless }, masked)).toMatch(/has to be masked/)
    expect(reason({ fragments: [Buffer.alloc(0), Buffer.alloc(192)] }, masked)).toMatch(/has to be masked/)
  })

  test('pixels without rows and columns are withheld', () => {
    expect(reason({ sopClassUid: CT, rows: 0, pixelData: Buffer.alloc(64, 1) })).toMatch(/rows and columns/)
  })
})

describeWithCorpus('files of devices', () => {
  test('each ultrasound, secondary capture and document is withheld if the profile has no pixel rules', () => {
    const names = /^(Ultrasound|Secondary Capture|Encapsulated)/
    const files = corpusFiles().filter(
      ({ sopClass, expect: kind, transferSyntaxUid }) =>
        names.test(sopClass) &&
        kind === 'ok' &&
        transferSyntaxUid !== TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian,
    )
    expect(files.length).toBeGreaterThan(20)
    const left = files.filter(({ path }) => {
      const file = readPixelFile(path)
      try {
        deidentifyPixels(file, profileWith([]))
        return file.image.rows > 0
      } catch (error) {
        return !(error instanceof Failure && error.code === 'DEID_WITHHELD')
      }
    })
    expect(left.map(({ name }) => name)).toEqual([])
  })
})
