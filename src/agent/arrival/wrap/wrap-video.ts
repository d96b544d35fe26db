import type { ByteRange, ByteSource } from '../../../media/byte-source.ts'
import type { Video } from '../../../media/coding/video.ts'
import { readChunks } from '../../../media/read-chunks.ts'
import { beginDataSet, instanceUidOf } from './common-elements.ts'
import type { StreamedBytes } from './element-value.ts'
import { setImageKind, setLossy, setPixels } from './image-elements.ts'
import { imageHandling } from './jpeg-rules.ts'
import { IMAGE_CLASSES } from './storage-class.ts'
import { setFrames } from './video-elements.ts'
import { videoSyntax } from './video-rules.ts'
import type { WrapFacts } from './wrap-facts.ts'
import type { WrapFinding } from './wrap-finding.ts'
import type { Wrapped } from './wrapped.ts'

/** The length field of a fragment has 32 bits, of which the highest value has another meaning (PS3.5 §A.4). */
const FRAGMENT_LIMIT_BYTES = 0xffff_fffe
/** Fragments of longer streams. Their boundaries are free (PS3.5 §8.2.5). */
const PART_BYTES = 1024 * 1024 * 1024

/** Number of chroma and luma samples for each pixel of 4:2:0. */
const SAMPLES_A_PIXEL = 1.5

/**
 * Wraps a video: the file as it is, container included, is the one fragment of the pixel data (PS3.5 §8.2.5 to §8.2.11). Throws
 * the failures of `videoSyntax`.
 */
export function wrapVideo(source: ByteSource, video: Video, facts: WrapFacts): Wrapped {
  const syntax = videoSyntax(video, facts.handling)
  const isLong = source.size > FRAGMENT_LIMIT_BYTES
  const transferSyntaxUid = isLong ? syntax.fragmentable : syntax.usual
  const { findings: found } = imageHandling(facts.handling, 8)
  const findings: WrapFinding[] = [...found, ...syntax.findings]
  if (transferSyntaxUid !== syntax.usual) findings.push('fragmentableSyntax')
  const { video: sopClassUid, modality } = IMAGE_CLASSES[facts.handling.as]
  const { rows, columns, bits, frames } = video
  const draft = beginDataSet(facts, { sopClassUid, modality, series: 'video', page: 0 })
  setPixels(setImageKind(draft, facts.handling), {
    rows,
    columns,
    samples: 3,
    photometricInterpretation: 'YBR_PARTIAL_420',
    bitsAllocated: bits > 8 ? 16 : 8,
    bitsStored: bits,
  })
  setFrames(draft, frames, video.framesPerSecond, facts.handling.as)
  const ratio = (rows * columns * frames * SAMPLES_A_PIXEL * bits) / 8 / source.size
  setLossy(draft, { method: syntax.method, ratio })
  draft.fragments({ offsetTable: Buffer.alloc(0), fragments: () => partsOf(source, isLong) })
  const instance = {
    sopClassUid,
    sopInstanceUid: instanceUidOf(facts, sopClassUid, 0),
    studyInstanceUid: facts.study.studyInstanceUid,
    transferSyntaxUid,
    dataSet: () => draft.read(),
  }
  return { instances: [instance], findings }
}

function* partsOf(source: ByteSource, isLong: boolean): Generator<StreamedBytes> {
  const each = isLong ? PART_BYTES : source.size
  for (let offset = 0; offset < source.size; offset += each)
    yield part(source, { offset, length: Math.min(each, source.size - offset) })
}

const part = (source: ByteSource, range: ByteRange): StreamedBytes => ({
  length: range.length,
  chunks: () => readChunks(source, range),
})
