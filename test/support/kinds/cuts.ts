import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { tagNamed, tagOf } from '../instances/tag-named.ts'
import type { Random } from '../random.ts'
import {
  bytesOf,
  caseOf,
  type InventedImage,
  inventedImage,
  type Part,
  WAYS,
  withParts,
} from './invented-image.ts'
import type { Kind, KindCase } from './kind-case.ts'

/** Sound images, a part of them with raw data, signatures, padding or zeros after Pixel Data. */
export const soundImages: Kind = {
  name: 'nothing',
  make: (random) => {
    const made = caseOf(withTail(random, inventedImage(random)), { isSound: true })
    if (!random.isIn(30)) return made
    const zeros = Buffer.alloc(random.pick([1, 2, 7, 8, 100, 512]))
    return { ...made, dataSet: Buffer.concat([made.dataSet, zeros]) }
  },
}

/** The last bytes are missing: anywhere, also in an element after Pixel Data. */
export const cuts: Kind = {
  name: 'a cut anywhere',
  make: (random) => {
    const image = withTail(random, inventedImage(random, WAYS))
    const made = caseOf(image, { isFindable: false })
    const pixels = image.parts.findIndex(({ tag }) => tag === TAG.PixelData)
    const headBytes = bytesOf(image.parts.slice(0, pixels), image.way).length
    const from = random.isIn(60) ? headBytes : 0
    const at = random.between(from + 1, made.dataSet.length - 1)
    const ending = endingAt(image, at)
    const dataSet = made.dataSet.subarray(0, at)
    // Enough of the image data for a search after the copy's.
    return { ...made, dataSet, ending }
  },
}

/** Between two elements nothing shows that more belongs there, and one byte or a zero shows nothing of a header. */
function endingAt({ parts, way }: InventedImage, at: number): KindCase['ending'] {
  let begin = 0
  for (const part of parts) {
    if (begin === at || (begin + 1 === at && (!way.isLittle || part.tag > TAG.PixelData))) return 'either'
    begin += bytesOf([part], way).length
  }
  return 'cut'
}

function withTail(random: Random, image: InventedImage): InventedImage {
  const { element, item } = image.way.write
  const raw: Part[] = [
    { tag: tagOf(0x7fe1, 0x0010), vr: 'LO', value: Buffer.from('GEMS_Ultrasound_MovieGroup_001') },
    { tag: tagOf(0x7fe1, 0x1001), vr: 'OB', value: random.bytes(2 * random.between(1, 400)) },
  ]
  const signature = Buffer.concat([
    element(tagNamed('MACIDNumber'), 'US', Buffer.from([1, 0])),
    element(tagNamed('DigitalSignatureUID'), 'UI', '1.2.826.0.1.9999.9\0\0'),
    element(tagNamed('Signature'), 'OB', random.bytes(64)),
  ])
  const signatures: Part[] = [{ tag: TAG.DigitalSignaturesSequence, vr: 'SQ', value: item(signature) }]
  const padding: Part[] = [
    { tag: TAG.DataSetTrailingPadding, vr: 'OB', value: Buffer.alloc(2 * random.between(1, 100)) },
  ]
  return withParts(image, random.pick([[], [], raw, raw, signatures, padding, [...raw, ...signatures]]))
}
