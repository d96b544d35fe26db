import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { UNDEFINED } from '../../dicom/build-data-set.ts'
import { tagOf } from '../instances/tag-named.ts'
import { caseOf, inventedImage, RLE, withParts, word } from './invented-image.ts'
import type { Kind } from './kind-case.ts'

/** An icon whose pixel data is in fragments, inside an item (PS3.5 §A.4); the image is sound. */
export const compressedIcons: Kind = {
  name: 'a compressed icon',
  make: (random) => {
    const image = inventedImage(random, [RLE])
    const { element, item, itemEnd, sequenceEnd } = RLE.write
    const fragments = Array.from({ length: random.between(1, 3) }, () =>
      item(random.bytes(2 * random.between(0, 60))),
    )
    const icon = Buffer.concat([
      element(TAG.SamplesPerPixel, 'US', word(1, RLE)),
      element(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2 '),
      element(TAG.Rows, 'US', word(8, RLE)),
      element(TAG.Columns, 'US', word(8, RLE)),
      element(TAG.BitsAllocated, 'US', word(8, RLE)),
      element(TAG.PixelData, random.pick(['OB', 'OW']), '', UNDEFINED),
      item(Buffer.alloc(0)),
      ...fragments,
      sequenceEnd,
    ])
    const tag = random.pick([TAG.IconImageSequence, tagOf(0x0029, 0x1030)])
    const creator = { tag: tagOf(0x0029, 0x0010), vr: 'LO', value: Buffer.from('ACME 1') }
    const isStated = random.isIn(50)
    const value = isStated ? item(icon) : Buffer.concat([item(icon, UNDEFINED), itemEnd, sequenceEnd])
    const sequence = { tag, vr: 'SQ', value, stated: isStated ? undefined : UNDEFINED }
    return caseOf(withParts(image, tag === tagOf(0x0029, 0x1030) ? [creator, sequence] : [sequence]), {
      isSound: true,
    })
  },
}
