import iconv from 'iconv-lite'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../instances/tag-named.ts'
import type { Random } from '../random.ts'
import {
  bytesOf,
  caseOf,
  type InventedImage,
  inventedImage,
  NATIVE,
  type Part,
  withOther,
  withParts,
} from './invented-image.ts'
import { type Kind, type KindCase } from './kind-case.ts'

const CHINESE: readonly (readonly [number, string, string])[] = [
  [TAG.InstitutionName, 'LO', '城北镇卫生院影像科'],
  [tagNamed('InstitutionAddress'), 'ST', '滨江路三号楼二层'],
  [TAG.StudyDescription, 'LO', '胸部平扫'],
  [tagNamed('InstitutionalDepartmentName'), 'LO', '放射科'],
  [TAG.PatientAddress, 'LO', '滨江路三号'],
  [tagNamed('ProtocolName'), 'LO', '胸部常规'],
]
const PIXEL_DATA = TAG.PixelData
const REFERENCES = TAG.ReferencedImageSequence
const SERIES = TAG.SeriesInstanceUID

/** Lengths that count characters instead of bytes, in one text or in all. */
export const lengthsInCharacters: Kind = {
  name: 'lengths that count characters',
  make: (random) => {
    const charset = random.pick(['gb18030', 'utf8'])
    const term = charset === 'utf8' ? 'ISO_IR 192' : 'GB18030 '
    const parts = CHINESE.filter(() => random.isIn(60)).map(([tag, vr, text]): Part => {
      const bytes = iconv.encode(text, charset)
      const value = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')])
      return { tag, vr, value, stated: text.length }
    })
    const declared: Part = { tag: TAG.SpecificCharacterSet, vr: 'CS', value: Buffer.from(term) }
    return perhapsCut(random, withParts(inventedImage(random, NATIVE), [declared, ...parts]))
  },
}

/** One length that is odd, zero, short, too long, far over the end, or undefined in a place that does not allow it. */
export const wrongLengths: Kind = {
  name: 'a wrong length',
  make: (random) => {
    const whole = inventedImage(random, NATIVE)
    // A length that ends inside the items of a sequence makes their elements those of the data set itself.
    const image = { ...whole, parts: whole.parts.filter(({ tag }) => tag !== REFERENCES || random.isIn(50)) }
    // Pixel data that is shorter than it says is cut, whoever is to blame.
    const part = random.pick(image.parts.filter(({ tag }) => tag !== PIXEL_DATA))
    const hasReferences = image.parts.some(({ tag }) => tag === REFERENCES)
    if (hasReferences && part.tag <= REFERENCES) return perhapsCut(random, image)
    const isShort = image.way.isExplicit && part.vr !== 'SQ'
    const stated = random.isIn(20)
      ? lengthIntoPixels(random, image, part)
      : wrongLength(random, part.value.length, isShort)
    const wrong = withOther(image, part, { stated: isShort ? Math.min(stated, 0xffff) : stated })
    // A length that happens to end where another element begins cannot be told from a right one.
    return perhapsCut(random, wrong, { isFindable: part.tag > SERIES })
  },
}

/** A length that ends within the pixel data, often exactly where the data ends after a cut or without one. */
function lengthIntoPixels(random: Random, { parts, pixels, way }: InventedImage, part: Part): number {
  const swallowed = bytesOf(parts.slice(parts.indexOf(part) + 1), way).length
  return (
    part.value.length + swallowed - random.pick([0, 2, 2, 4, 8, 2 * random.between(0, pixels.length / 2)])
  )
}

function wrongLength(random: Random, right: number, isShort: boolean): number {
  const stated = random.pick([
    () => right + random.pick([-1, 1]),
    () => 0,
    () => Math.floor(right / 2),
    () => right + random.between(2, 40),
    () => right + 2 * random.between(20, 2000),
    () =>
      isShort ? random.pick([0xffff, 0xfffe, 0x7fff]) : random.pick([0xffff_ffff, 0xffff_fffe, 0x7fff_ffff]),
  ])()
  return Math.max(0, stated)
}

/** An element whose length reaches up to the end of a later one: the data set parses, and hides what was swallowed. */
export const swallowedNeighbours: Kind = {
  name: 'an element that swallows its neighbours',
  make: (random) => {
    const image = inventedImage(random, NATIVE)
    const from = random.between(0, image.parts.length - 3)
    const to = random.between(from + 1, image.parts.length - 2)
    const part = image.parts[from]
    if (part === undefined) throw new Error('no such element')
    const value = Buffer.concat([part.value, bytesOf(image.parts.slice(from + 1, to + 1), image.way)])
    const parts = [
      ...image.parts.slice(0, from),
      { ...part, value, stated: undefined },
      ...image.parts.slice(to + 1),
    ]
    return caseOf({ ...image, parts }, { isFindable: part.tag > SERIES })
  },
}

/** A sequence, an item, or an element in an item with a wrong length; the length of what is around it may be right. */
export const wrongNestedLengths: Kind = {
  name: 'a wrong length inside a sequence',
  make: (random) => {
    const image = inventedImage(random, NATIVE)
    const { element, item } = image.way.write
    const wrong = (right: number): number => wrongLength(random, right, image.way.isExplicit)
    const place = random.pick(['element', 'item', 'both'])
    const reference = Buffer.from('1.2.826.0.1.9999.666.1')
    const inner = element(
      TAG.ReferencedSOPInstanceUID,
      'UI',
      reference,
      place === 'item' ? undefined : wrong(reference.length),
    )
    const content = item(inner, place === 'element' ? undefined : wrongLength(random, inner.length, false))
    const sequence = {
      tag: random.pick([
        TAG.ReferencedImageSequence,
        tagNamed('RequestAttributesSequence'),
        tagNamed('ReferencedPerformedProcedureStepSequence'),
      ]),
      vr: 'SQ',
      value: content,
    }
    return perhapsCut(random, withParts(image, [sequence]), { isFindable: false })
  },
}

/** Some of all faulty images are also cut, within the pixel data: those are to be refused like any other. */
export function perhapsCut(random: Random, image: InventedImage, claims: Partial<KindCase> = {}): KindCase {
  const made = caseOf(image, claims)
  if (!random.isIn(10)) return made
  const missing = random.pick([2, random.between(1, image.pixels.length - 1)])
  return { ...made, dataSet: made.dataSet.subarray(0, made.dataSet.length - missing), ending: 'cut' }
}
