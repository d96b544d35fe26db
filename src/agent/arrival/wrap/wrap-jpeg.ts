import type { ByteRange, ByteSource } from '../../../media/byte-source.ts'
import { readChunks } from '../../../media/read-chunks.ts'
import { JPEG_LIMIT_BYTES, type Jpeg, readJpeg } from '../../../media/read-jpeg.ts'
import { readWhole } from '../../../media/read-whole.ts'
import { Failure } from '../../../platform/failure.ts'
import { beginDataSet, instanceUidOf } from './common-elements.ts'
import type { StreamedBytes } from './element-value.ts'
import { setImageKind, setLossy, setPixels } from './image-elements.ts'
import { imageHandling, jpegPixels, jpegSyntax } from './jpeg-rules.ts'
import { IMAGE_CLASSES } from './storage-class.ts'
import type { WrapFacts } from './wrap-facts.ts'
import type { WrapFinding } from './wrap-finding.ts'
import type { Wrapped } from './wrapped.ts'

/**
 * Wraps a JPEG still: its scans are unchanged, and segments that may name a person are left out. Throws MEDIA_DAMAGED,
 * MEDIA_TOO_LARGE, IMAGE_PROGRESSIVE, IMAGE_CODING, IMAGE_CMYK or IMAGE_ROTATED.
 */
export async function wrapJpeg(source: ByteSource, facts: WrapFacts): Promise<Wrapped> {
  const jpeg = readJpeg(await readWhole(source, JPEG_LIMIT_BYTES, 'a JPEG'))
  const transferSyntaxUid = jpegSyntax(jpeg)
  const pixels = jpegPixels(jpeg)
  if (jpeg.orientation !== 1 && facts.handling.orientation === 'hold')
    throw new Failure('IMAGE_ROTATED', `wrapping a JPEG: its EXIF orientation is ${jpeg.orientation}, not 1`)
  const { handling, findings } = imageHandling(facts.handling, pixels.bitsStored)
  const { still: sopClassUid, modality } = IMAGE_CLASSES[handling.as]
  const stream = keptBytes(source, jpeg.kept)
  const series = pixels.bitsStored > 8 ? 'deepImage' : 'image'
  const draft = beginDataSet(facts, { sopClassUid, modality, series, page: 0 })
  setImageKind(setPixels(draft, pixels), handling)
  const ratio = (pixels.rows * pixels.columns * pixels.samples * pixels.bitsStored) / 8 / stream.length
  setLossy(draft, { method: 'ISO_10918_1', ratio })
  if (jpeg.iccProfile !== undefined) draft.bytes('ICCProfile', jpeg.iccProfile)
  draft.fragments({ offsetTable: Buffer.alloc(0), fragments: () => [stream] })
  const instance = {
    sopClassUid,
    sopInstanceUid: instanceUidOf(facts, sopClassUid, 0),
    studyInstanceUid: facts.study.studyInstanceUid,
    transferSyntaxUid,
    dataSet: () => draft.read(),
  }
  return { instances: [instance], findings: [...findings, ...jpegFindings(jpeg)] }
}

function jpegFindings(jpeg: Jpeg): WrapFinding[] {
  const findings: WrapFinding[] = []
  if (jpeg.orientation !== 1) findings.push('imageRotated')
  if (jpeg.trailingBytes > 0) findings.push('trailingBytesDropped')
  return findings
}

function keptBytes(source: ByteSource, kept: readonly ByteRange[]): StreamedBytes {
  const length = kept.reduce((sum, range) => sum + range.length, 0)
  return {
    length,
    async *chunks() {
      for (const range of kept) yield* readChunks(source, range)
    },
  }
}
