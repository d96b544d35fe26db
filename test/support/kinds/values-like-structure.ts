import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { tagNamed, tagOf } from '../instances/tag-named.ts'
import type { Random } from '../random.ts'
import {
  caseOf,
  EXPLICIT,
  even,
  IMPLICIT,
  type InventedImage,
  inventedImage,
  type Part,
  type Way,
  withParts,
} from './invented-image.ts'
import type { Kind } from './kind-case.ts'

/** Standard elements that hold binary values, with the VR that PS3.6 gives them. */
const BINARY: readonly (readonly [number, string])[] = [
  [tagNamed('RedPaletteColorLookupTableData'), 'OW'],
  [tagNamed('GreenPaletteColorLookupTableData'), 'OW'],
  [tagNamed('ICCProfile'), 'OB'],
  [tagNamed('EncapsulatedDocument'), 'OB'],
  [tagOf(0x6000, 0x3000), 'OW'],
  [tagOf(0x6002, 0x3000), 'OB'],
]
const UNDEFINED = 0xffff_ffff

/** Binary values whose bytes read as the beginning of items, delimiters, zeros or elements; the image is sound. */
export const valuesLikeStructure: Kind = {
  name: 'binary values that look like structure',
  make: (random) => {
    const image = inventedImage(random)
    const made = Array.from({ length: random.between(1, 3) }, () => binary(random, image))
    return caseOf(withParts(image, made.flat()), { isSound: true })
  },
}

function binary(random: Random, { way }: InventedImage): readonly Part[] {
  const place = random.between(0, 9)
  const value = likeStructure(random, way, place >= 3)
  if (place < 3) {
    const [tag, vr] = random.pick(BINARY)
    return overlayOf(tag, { tag, vr: writtenVr(random, vr), value }, way)
  }
  const group = random.pick([0x0009, 0x0019, 0x0029, 0x0045, 0x7053])
  const creator: Part = { tag: group * 0x1_0000 + 0x10, vr: 'LO', value: even('ACME 1', 'LO') }
  const tag = group * 0x1_0000 + 0x1000 + random.between(1, 255)
  const vr = writtenVr(random, random.pick(['OB', 'OW', 'UN', 'UN', 'OB']))
  if (place < 7) return [creator, { tag, vr, value }]
  // Inside the item of a private sequence, so that a wrong guess ends in the middle of what is around it.
  const { element, item } = way.write
  const inner = Buffer.concat([
    element(TAG.CodeValue, 'SH', 'T-1 '),
    element(group * 0x1_0000 + 0x10, 'LO', 'ACME 1'),
    element(tag, vr, value),
  ])
  return [creator, { tag: group * 0x1_0000 + 0x1000, vr: 'SQ', value: item(inner) }]
}

/** UN is how a device or an archive writes an element that it does not know (PS3.5 §6.2.2). */
const writtenVr = (random: Random, vr: string): string => (random.isIn(25) ? 'UN' : vr)

/** An overlay has its size beside it. */
function overlayOf(tag: number, part: Part, way: Way): readonly Part[] {
  if (tag >>> 24 !== 0x60) return [part]
  const group = (tag >>> 16) * 0x1_0000
  const rows = Buffer.from(way.isLittle ? [8, 0] : [0, 8])
  return [{ tag: group + 0x10, vr: 'US', value: rows }, { tag: group + 0x11, vr: 'US', value: rows }, part]
}

/** A whole element is put only into what no copy without identity keeps: elsewhere it is withheld for it. */
function likeStructure(random: Random, way: Way, mayBeElement: boolean): Buffer {
  const value = random.bytes(2 * random.between(6, 120))
  const { item, itemEnd, sequenceEnd, element } = way.write
  const lengths = [0, 8, value.length - 8, value.length - 10, value.length, value.length + 2, UNDEFINED, 24]
  const elements = [
    () => element(TAG.PixelData, 'OW', Buffer.alloc(0), random.pick([0, 8, 4000])),
    () => element(TAG.StudyInstanceUID, 'UI', '1.2.826.0.1.9999.666\0\0', 22),
    () => item(element(TAG.CodeValue, 'SH', random.letters(4), random.between(0, 200)), random.pick(lengths)),
  ]
  const begin = random.pick([
    ...(mayBeElement ? elements : []),
    () => item(Buffer.alloc(0), random.pick(lengths)),
    () => itemEnd,
    () => sequenceEnd,
    () => Buffer.alloc(random.pick([8, 16, 64])),
    () => Buffer.from('DICM'),
    () => random.pick([IMPLICIT, EXPLICIT]).write.item(random.bytes(16), random.pick(lengths)),
  ])()
  const at = random.isIn(70) ? 0 : 2 * random.between(0, value.length / 2)
  const whole = Buffer.concat([value.subarray(0, at), begin, value.subarray(at)])
  return whole.length % 2 === 0 ? whole : whole.subarray(1)
}
