import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import type { PixelPicture } from '../../../media/pixel-picture.ts'
import { Failure } from '../../../platform/failure.ts'
import { beginDataSet, instanceUidOf } from './common-elements.ts'
import { setImageKind, setLossy, setPixels } from './image-elements.ts'
import { imageHandling } from './jpeg-rules.ts'
import { IMAGE_CLASSES } from './storage-class.ts'
import type { WrapFacts } from './wrap-facts.ts'
import type { WrapFinding } from './wrap-finding.ts'
import type { Wrapped, WrappedInstance } from './wrapped.ts'

/** A native value has at most this many bytes (PS3.5 §7.1.1). */
const VALUE_LIMIT_BYTES = 0xffff_fffe

/**
 * Writes pictures natively, one instance for each page of the file. All pixels are decoded once, so that a damaged file
 * fails here and not while an instance is taken. Throws the failures of `pixels`, and MEDIA_TOO_LARGE.
 */
export async function wrapPictures(pages: readonly PixelPicture[], facts: WrapFacts): Promise<Wrapped> {
  const findings = new Set<WrapFinding>()
  const instances: WrappedInstance[] = []
  for (const [page, picture] of pages.entries()) {
    await checkPixels(picture)
    if (picture.hadAlpha) findings.add('alphaDropped')
    const { handling, findings: found } = imageHandling(facts.handling, picture.bits)
    for (const one of found) findings.add(one)
    instances.push(instanceOf(picture, { ...facts, handling }, page))
  }
  return { instances, findings: Array.from(findings) }
}

function instanceOf(picture: PixelPicture, facts: WrapFacts, page: number): WrappedInstance {
  const { rows, columns, samples, bits } = picture
  const { still: sopClassUid, modality } = IMAGE_CLASSES[facts.handling.as]
  const series = bits > 8 ? 'deepImage' : 'image'
  const draft = beginDataSet(facts, { sopClassUid, modality, series, page })
  setPixels(draft, {
    rows,
    columns,
    samples,
    photometricInterpretation: samples === 1 ? 'MONOCHROME2' : 'RGB',
    bitsAllocated: bits,
    bitsStored: bits,
  })
  setLossy(setImageKind(draft, facts.handling), undefined)
  draft.streamed('PixelData', bits === 8 ? 'OB' : 'OW', {
    length: lengthOf(picture),
    chunks: () => picture.pixels(),
  })
  return {
    sopClassUid,
    sopInstanceUid: instanceUidOf(facts, sopClassUid, page),
    studyInstanceUid: facts.study.studyInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet: () => draft.read(),
  }
}

async function checkPixels(picture: PixelPicture): Promise<void> {
  const wanted = lengthOf(picture)
  if (wanted > VALUE_LIMIT_BYTES)
    throw new Failure('MEDIA_TOO_LARGE', `wrapping an image: ${wanted} bytes of pixels`)
  let length = 0
  for await (const bytes of picture.pixels()) length += bytes.length
  if (length !== wanted)
    throw new Failure('MEDIA_DAMAGED', `wrapping an image: ${length} of ${wanted} bytes of pixels`)
}

const lengthOf = ({ rows, columns, samples, bits }: PixelPicture): number =>
  (rows * columns * samples * bits) / 8
