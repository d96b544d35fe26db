import { caseOf, EXPLICIT, IMPLICIT, inventedImage, RLE } from './invented-image.ts'
import type { Kind } from './kind-case.ts'
import { perhapsCut } from './wrong-lengths.ts'

/** Private ones that are seen in the field, and an invented one. */
const SYNTAXES = [
  '1.2.840.113619.5.2',
  '1.2.840.113708.10.1.5',
  '1.3.46.670589.33.1.4.1',
  '1.2.826.0.1.9999.77',
] as const

/** A transfer syntax that no table has: its encoding is unknown, so it cannot be judged as wrong either. */
export const privateSyntaxes: Kind = {
  name: 'an unknown transfer syntax',
  make: (random) => {
    const image = inventedImage(random, [IMPLICIT, EXPLICIT, RLE])
    const made = image.way.isCompressed ? caseOf(image) : perhapsCut(random, image)
    return { ...made, transferSyntaxUid: random.pick(SYNTAXES) }
  },
}
