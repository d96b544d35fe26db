import { expect, test } from '@jest/globals'
import type { WrapHandling } from '../../../../src/agent/arrival/wrap/wrap-facts.ts'
import { Failure } from '../../../../src/platform/failure.ts'
import { describeWith } from '../../../support/media/describe-with.ts'
import { image, madeBy, pdf } from '../../../support/media/made-file.ts'
import { smallCda, smallFile, smallJpeg } from '../../../support/media/small-files.ts'
import { someFacts } from '../../../support/media/some-facts.ts'
import { dciodvfyErrors, ownFindings, wrapBytes } from '../../../support/media/wrapped-file.ts'

const PLASMA = ['-size', '67x45', 'plasma:', '-depth', '8']
const EVERY_KIND: readonly WrapHandling['as'][] = ['endoscopic', 'photographic', 'secondary']

const stills = (): Readonly<Record<string, Buffer>> => ({
  'a colour JPEG': image('a.jpg', ...PLASMA),
  'a grey JPEG': image('a.jpg', '-size', '67x45', 'gradient:', '-colorspace', 'Gray'),
  'a JPEG with a colour profile': image('a.jpg', ...PLASMA, '-profile', profile()),
  'a colour PNG': image('a.png', ...PLASMA),
  'a PNG with alpha': image('a.png', ...PLASMA, '-alpha', 'on'),
  'a PNG with a palette': image('a.png', ...PLASMA, '-colors', '16', '-type', 'Palette'),
  'a PNG of one bit': image('a.png', ...PLASMA, '-monochrome'),
  'a grey PNG of 16 bits': image('a.png', '-size', '67x45', 'gradient:', '-depth', '16'),
  'a BMP': image('a.bmp', ...PLASMA, '-type', 'TrueColor'),
  'a TIFF': image('a.tif', ...PLASMA, '-compress', 'none'),
})

function profile(): string {
  return '/usr/share/color/icc/ghostscript/srgb.icc'
}

const codeOf = async (wrapping: Promise<unknown>): Promise<string> =>
  wrapping.then(
    () => 'wrapped',
    (error: unknown) => (error instanceof Failure ? error.code : String(error)),
  )

describeWith(['convert', 'gs', 'dciodvfy'], 'wrapped stills and documents', () => {
  test('a wrapped still has no error that dciodvfy finds, in every class', async () => {
    for (const [name, bytes] of Object.entries(stills())) {
      for (const as of EVERY_KIND) {
        const { instances } = await wrapBytes(bytes, { as })
        expect([name, as, instances.length]).toEqual([name, as, 1])
        for (const instance of instances) {
          expect([name, as, dciodvfyErrors(instance)]).toEqual([name, as, []])
          expect([name, as, ownFindings(instance)]).toEqual([name, as, []])
        }
      }
    }
    // A negative control: a photograph has no attributes of Secondary Capture.
    const { instances } = await wrapBytes(image('a.jpg', ...PLASMA))
    for (const instance of instances)
      expect(dciodvfyErrors({ ...instance, dataSet: instance.dataSet.subarray(26 + 8) })).not.toEqual([])
  })

  test('a wrapped document has no error that dciodvfy finds', async () => {
    for (const bytes of [pdf(), smallCda('GB18030'), smallFile('stl')]) {
      const { instances } = await wrapBytes(bytes)
      expect(instances).toHaveLength(1)
      for (const instance of instances) {
        expect(dciodvfyErrors(instance)).toEqual([])
        expect(ownFindings(instance)).toEqual([])
        expect(instance.dataSet.includes(bytes)).toBe(true)
      }
    }
  })

  test('the native pixels of PNG, BMP and TIFF are those that ImageMagick reads', async () => {
    const compressed = ['none', 'lzw', 'zip', 'rle'].map((compression) =>
      image('a.tif', ...PLASMA, '-compress', compression),
    )
    const files = [...Object.values(stills()).slice(3), ...compressed]
    for (const [i, bytes] of files.entries()) {
      const { instances } = await wrapBytes(bytes)
      const [instance] = instances
      const isGrey = instance?.dataSet.includes('MONOCHROME2') === true
      const isDeep = instance?.dataSet.includes(Buffer.from('28000001555302001000', 'hex')) === true
      const raw = madeBy(
        'convert',
        `raw.${isGrey ? 'gray' : 'rgb'}`,
        ['-', '-alpha', 'off', '-depth', isDeep ? '16' : '8', '-endian', 'LSB', 'OUT'],
        bytes,
      )
      const padded = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.alloc(1)])
      expect([i, instance?.dataSet.subarray(-padded.length).equals(padded)]).toEqual([i, true])
    }
  })

  test('every page of a TIFF is an instance of its own', async () => {
    const bytes = image(
      'a.tif',
      ...PLASMA,
      '(',
      '-size',
      '30x20',
      'gradient:',
      ')',
      '-depth',
      '8',
      '-compress',
      'lzw',
    )
    const { instances } = await wrapBytes(bytes)
    expect(instances).toHaveLength(2)
    expect(new Set(instances.map(({ sopInstanceUid }) => sopInstanceUid)).size).toBe(2)
  })

  test('a still or document that DICOM has no form for is held, and its cause has a code', async () => {
    const held: readonly (readonly [string, Buffer])[] = [
      ['IMAGE_PROGRESSIVE', image('a.jpg', ...PLASMA, '-interlace', 'JPEG')],
      ['IMAGE_CMYK', image('a.jpg', ...PLASMA, '-colorspace', 'CMYK')],
      ['IMAGE_CMYK', image('a.tif', ...PLASMA, '-colorspace', 'CMYK')],
      ['IMAGE_CODING', image('a.png', ...PLASMA, '-interlace', 'PNG')],
      ['IMAGE_CODING', image('a.tif', ...PLASMA, '-compress', 'JPEG')],
      [
        'DOCUMENT_ENCRYPTED',
        pdf('-sOwnerPassword=a', '-sUserPassword=b', '-dEncryptionR=3', '-dKeyLength=128'),
      ],
      [
        'DOCUMENT_FORM',
        Buffer.from(
          smallCda('UTF-8')
            .toString()
            .replace(/<id[^>]*>/, ''),
        ),
      ],
      ['DOCUMENT_FORM', Buffer.from('solid a\nfacet normal 0 0 1\nendfacet\nendsolid a\n')],
      ['MEDIA_DAMAGED', smallFile('png').subarray(0, -1)],
      ['MEDIA_DAMAGED', image('a.jpg', ...PLASMA).subarray(0, -2)],
    ]
    for (const [code, bytes] of held) expect([code, await codeOf(wrapBytes(bytes))]).toEqual([code, code])
  })

  test('an image whose EXIF turns it is held, or sent with a finding', async () => {
    const plain = image('a.jpg', ...PLASMA)
    const exif = Buffer.from(
      'ffe100224578696600004d4d002a00000008000101120003000000010006000000000000',
      'hex',
    )
    const turned = Buffer.concat([plain.subarray(0, 2), exif, plain.subarray(2)])
    expect(await codeOf(wrapBytes(turned))).toBe('IMAGE_ROTATED')
    const { instances, findings } = await wrapBytes(
      turned,
      { orientation: 'send' },
      { sha256: 'ab'.repeat(32) },
    )
    expect(findings).toEqual(['imageRotated'])
    expect(instances[0]?.dataSet.includes('Exif')).toBe(false)
    const upright = await wrapBytes(plain, {}, { sha256: 'ab'.repeat(32) })
    expect(instances[0]?.dataSet.equals(upright.instances[0]?.dataSet ?? plain)).toBe(true)
  })

  test('a folder without a region is a finding, and dciodvfy finds only that', async () => {
    const facts = someFacts()
    const { as, orientation, lowerProfiles } = facts.handling
    const wrapped = await wrapBytes(smallJpeg(), undefined, { handling: { as, orientation, lowerProfiles } })
    expect(wrapped.findings).toEqual(['regionUnknown'])
    const errors = wrapped.instances.flatMap((one) => dciodvfyErrors(one))
    expect(errors.filter((error) => !error.includes('AnatomicRegion'))).toEqual([])
  })
})
