import { Random } from '../random.ts'
import { compressedIcons } from './compressed-icons.ts'
import { cuts, soundImages } from './cuts.ts'
import { explicitItems, implicitItems } from './items-of-another-vr.ts'
import type { Kind, KindCase } from './kind-case.ts'
import { oddNames } from './odd-names.ts'
import { privateSyntaxes } from './private-syntaxes.ts'
import { rubbishAfterTheEnd } from './rubbish-after-the-end.ts'
import { valuesLikeStructure } from './values-like-structure.ts'
import {
  lengthsInCharacters,
  swallowedNeighbours,
  wrongLengths,
  wrongNestedLengths,
} from './wrong-lengths.ts'
import { elementsOfZeros, fileAsDataSet, zerosBetweenElements } from './zeros-and-holes.ts'

export const KINDS: readonly Kind[] = [
  soundImages,
  valuesLikeStructure,
  lengthsInCharacters,
  wrongLengths,
  wrongNestedLengths,
  swallowedNeighbours,
  zerosBetweenElements,
  elementsOfZeros,
  fileAsDataSet,
  explicitItems,
  implicitItems,
  compressedIcons,
  cuts,
  privateSyntaxes,
  oddNames,
  rubbishAfterTheEnd,
]

/** The case of this number, of one kind after another. The same seed and number give the same case. */
export function kindCase(seed: number, number: number): KindCase & { readonly kind: string } {
  const kind = KINDS[number % KINDS.length] ?? soundImages
  const random = new Random(seed ^ Math.imul(number + 1, 0x9e37_79b1))
  return { ...kind.make(random), kind: kind.name }
}
