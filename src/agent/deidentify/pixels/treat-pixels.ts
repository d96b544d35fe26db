import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import type { ElementToken } from '../../../dicom/read/data-set-token.ts'
import { isZero } from '../../../dicom/read/zeros.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { InstanceFacts } from '../element/instance-facts.ts'
import type { DeidProfile, PixelRule } from '../element/profile.ts'
import { fits } from '../element/rule-condition.ts'
import { withheld } from '../element/withheld.ts'
import { BlankedFrameText } from './blank-frame-text.ts'
import { maskedPixels } from './masked-pixels.ts'
import type { PixelCodecs } from './pixel-codec.ts'
import { type PixelImage, readPixelImage } from './pixel-image.ts'
import { type PixelTreatment, roleInPixelGroup } from './pixel-treatment.ts'
import { isDocument, isUsuallyBurnedIn, whyBurnedIn } from './usually-burned-in.ts'

/**
 * Chooses the treatment from the elements before the pixel data. Throws DEID_WITHHELD if the pixels may show identity
 * and no rule matches, or if they must be masked and cannot be. A document is withheld unless the profile allows it.
 */
export function choosePixelTreatment(
  head: ElementList,
  facts: InstanceFacts,
  profile: DeidProfile,
  transferSyntaxUid: string,
  codecs?: PixelCodecs,
): PixelTreatment {
  if (isDocument(facts.sopClassUid) && !profile.passDocuments)
    throw withheld(
      `its class holds a document or raw data, which cannot be cleaned; profile ${profile.name} may let such pass`,
    )
  const rule = profile.pixels.find(({ when }) => covers(when, facts))
  if (rule === undefined) {
    const why = whyBurnedIn(head, facts)
    // An element with a wrong length may have swallowed Rows and Columns.
    if (why !== undefined && (isImage(facts) || isUsuallyBurnedIn(facts.sopClassUid)))
      throw uncovered(why, facts, profile)
    return untouched(false, head, facts, transferSyntaxUid, profile)
  }
  if (rule.regions.length === 0 || !isImage(facts))
    return untouched(isImage(facts), head, facts, transferSyntaxUid, profile)
  return maskedPixels(readPixelImage(head), rule.regions, transferSyntaxUid, codecs)
}

function covers(when: PixelRule['when'], facts: InstanceFacts): boolean {
  const { burnedInAnnotation } = when
  if (!fits(when, facts)) return false
  if (burnedInAnnotation !== undefined && burnedInAnnotation !== facts.burnedInAnnotation) return false
  if (when.rows !== undefined && when.rows !== facts.rows) return false
  return when.columns === undefined || when.columns === facts.columns
}

const isImage = ({ rows, columns }: InstanceFacts): boolean => rows > 0 && columns > 0

function uncovered(why: string, { rows, columns, source }: InstanceFacts, { name }: DeidProfile): Failure {
  return withheld(
    `${why}, and no pixel rule of profile ${name} covers images of ${columns} x ${rows} from ` +
      `${source.device ?? source.callingAeTitle}; add one, with the regions to be blackened, or with none if it shows no identity`,
  )
}

/** Leaves samples unchanged, but not the text next to them in compressed frames. */
function untouched(
  areClean: boolean,
  head: ElementList,
  facts: InstanceFacts,
  transferSyntaxUid: string,
  { passDocuments }: DeidProfile,
): PixelTreatment {
  const image = readPixelImage(head)
  return {
    areClean,
    encodesFrames: false,
    transferSyntaxUid,
    adapt: () => {},
    treat: (element) => {
      const { tag, holds } = element
      const role = roleInPixelGroup(tag)
      if (role === undefined) return 'remove'
      if (role === 'pixels' && !isImage(facts))
        throw withheld('it holds pixels, and does not say how many rows and columns')
      if (role !== 'pixels') return 'keep'
      if (holds === 'fragments') return new BlankedFrameText(transferSyntaxUid, passDocuments)
      return passDocuments ? 'keep' : withoutSurplus(element, image)
    },
  }
}

/**
 * Passes uncompressed pixel data. Bytes after the last frame are not pixels: zeros may fill up to a block, and for any
 * other bytes, which may be text or another element, it throws DEID_WITHHELD.
 */
function withoutSurplus({ length }: ElementToken, image: PixelImage): 'keep' | ValueTransform {
  const needed = bytesNeeded(image)
  if (needed === 0 || length <= needed + (needed % 2)) return 'keep'
  let passed = 0
  return {
    push: ({ kind, bytes }) => {
      if (kind !== 'value') return [bytes]
      const surplus = bytes.subarray(Math.max(0, needed - passed))
      passed += bytes.length
      if (!isZero(surplus))
        throw withheld(
          `its pixel data has ${length - needed} bytes more than its attributes say, and their content is not known`,
        )
      return [bytes]
    },
  }
}

/**
 * Returns 0 if the attributes do not determine it. Colours at half the resolution need less, and some devices do not
 * write them so.
 */
function bytesNeeded({ rows, columns, frames, samplesPerPixel, bitsAllocated }: PixelImage): number {
  return Math.ceil((rows * columns * frames * samplesPerPixel * bitsAllocated) / 8)
}
