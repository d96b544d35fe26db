import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../instances/tag-named.ts'
import {
  bytesOf,
  caseOf,
  EXPLICIT,
  even,
  type InventedImage,
  inventedImage,
  NATIVE,
} from './invented-image.ts'
import type { Kind } from './kind-case.ts'
import { perhapsCut } from './wrong-lengths.ts'

/** Zeros where an element should begin, with more of the data set after them. */
export const zerosBetweenElements: Kind = {
  name: 'zeros where an element should begin',
  make: (random) => {
    const image = inventedImage(random)
    const at = random.between(0, image.parts.length - 1)
    const zeros = Buffer.alloc(random.pick([8, 8, 10, 12, 16, 64, 128, 512, 2 * random.between(4, 300)]))
    const hole = { tag: 0, vr: 'UN', value: zeros, raw: zeros }
    const parts = image.parts.toSpliced(at, 0, hole)
    return image.way.isCompressed ? caseOf({ ...image, parts }) : perhapsCut(random, { ...image, parts })
  },
}

/** Elements that a device has overwritten with zeros. */
export const elementsOfZeros: Kind = {
  name: 'elements that are zeros',
  make: (random) => {
    const image = inventedImage(random, NATIVE)
    const from = random.between(0, image.parts.length - 2)
    const to = random.between(from + 1, Math.min(from + 4, image.parts.length - 1))
    const lost = image.parts.slice(from, to)
    const raw = Buffer.alloc(bytesOf(lost, image.way).length)
    const parts = image.parts.toSpliced(from, to - from, { tag: 0, vr: 'UN', value: raw, raw })
    return perhapsCut(random, { ...image, parts }, { isFindable: !lost.some(isIdentifier) })
  },
}

const IDENTIFIERS: ReadonlySet<number> = new Set([
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
  TAG.Modality,
  TAG.StudyInstanceUID,
  TAG.SeriesInstanceUID,
])
const isIdentifier = ({ tag }: InventedImage['parts'][number]): boolean => IDENTIFIERS.has(tag)

/** A whole file, header and all, or its header alone, sent as the data set. */
export const fileAsDataSet: Kind = {
  name: 'a whole file as the data set',
  make: (random) => {
    const image = inventedImage(random)
    const { element } = EXPLICIT.write
    const meta = Buffer.concat([
      element(tagNamed('FileMetaInformationVersion'), 'OB', Buffer.from([0, 1])),
      element(tagNamed('MediaStorageSOPClassUID'), 'UI', even(image.identifiers.sopClassUid, 'UI')),
      element(tagNamed('MediaStorageSOPInstanceUID'), 'UI', even(image.identifiers.sopInstanceUid, 'UI')),
      element(tagNamed('TransferSyntaxUID'), 'UI', even(image.way.uid, 'UI')),
    ])
    const group = Buffer.alloc(4)
    group.writeUInt32LE(meta.length)
    const header = Buffer.concat([element(tagNamed('FileMetaInformationGroupLength'), 'UL', group), meta])
    const before = random.isIn(70) ? Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), header]) : header
    const made = caseOf(image)
    // Bytes in another encoding than the data set's: only the preamble makes the file known for one.
    return { ...made, dataSet: Buffer.concat([before, made.dataSet]), isDeclaredTruly: false }
  },
}
