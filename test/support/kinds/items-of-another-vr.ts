import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { UNDEFINED } from '../../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../instances/tag-named.ts'
import type { Random } from '../random.ts'
import { EXPLICIT, IMPLICIT, inventedImage, type Part, type Way, withParts } from './invented-image.ts'
import type { Kind } from './kind-case.ts'
import { perhapsCut } from './wrong-lengths.ts'

const STANDARD = [
  TAG.ReferencedImageSequence,
  tagNamed('AnatomicRegionSequence'),
  tagNamed('RequestAttributesSequence'),
  tagNamed('ProcedureCodeSequence'),
] as const

/** Items in explicit VR inside a data set in implicit VR, or inside UN. */
export const explicitItems: Kind = {
  name: 'items in explicit VR where implicit VR belongs',
  make: (random) => {
    const image = inventedImage(random, [IMPLICIT, EXPLICIT])
    const vr = image.way === IMPLICIT ? 'SQ' : 'UN'
    return perhapsCut(random, withParts(image, sequences(random, image.way, EXPLICIT, vr)))
  },
}

/** Items in implicit VR inside a sequence of a data set in explicit VR. */
export const implicitItems: Kind = {
  name: 'items in implicit VR where explicit VR belongs',
  make: (random) => {
    const image = inventedImage(random, [EXPLICIT])
    const parts = sequences(random, EXPLICIT, IMPLICIT, 'SQ')
    const isFindable = parts.every(({ stated }) => stated !== UNDEFINED)
    return perhapsCut(random, withParts(image, parts), { isFindable })
  },
}

function sequences(random: Random, outer: Way, inner: Way, vr: string): Part[] {
  const isStated = random.isIn(60)
  const one = (tag: number): Part => {
    const value = items(random, inner, isStated)
    const delimited = Buffer.concat([value, outer.write.sequenceEnd])
    return isStated ? { tag, vr, value } : { tag, vr, value: delimited, stated: UNDEFINED }
  }
  if (random.isIn(50)) return [one(random.pick(STANDARD))]
  const creator = { tag: tagOf(0x0029, 0x0010), vr: 'LO', value: Buffer.from('ACME 1') }
  return [creator, one(tagOf(0x0029, 0x1000) + random.between(1, 255))]
}

function items(random: Random, { write }: Way, isStated: boolean): Buffer {
  const { element, item, itemEnd } = write
  const nested = element(
    tagNamed('PurposeOfReferenceCodeSequence'),
    'SQ',
    item(element(TAG.CodeValue, 'SH', '121322')),
  )
  const content = Buffer.concat([
    element(TAG.CodeValue, 'SH', 'T-A0100 '),
    element(TAG.CodingSchemeDesignator, 'SH', 'SRT '),
    element(TAG.CodeMeaning, 'LO', random.pick(['Brain ', 'Chest wall', ''])),
    ...(random.isIn(50) ? [nested] : []),
  ])
  const one = isStated ? item(content) : Buffer.concat([item(content, UNDEFINED), itemEnd])
  return Buffer.concat(Array.from({ length: random.between(1, 3) }, () => one))
}
