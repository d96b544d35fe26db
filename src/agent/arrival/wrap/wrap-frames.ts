import type { ByteSource } from '../../../media/byte-source.ts'
import { damaged } from '../../../media/coding/damaged.ts'
import { STANDARD_HUFFMAN_TABLES } from '../../../media/coding/standard-huffman-tables.ts'
import type { MotionJpeg } from '../../../media/read-avi.ts'
import { type Jpeg, readJpeg } from '../../../media/read-jpeg.ts'
import { Failure } from '../../../platform/failure.ts'
import { beginDataSet, instanceUidOf } from './common-elements.ts'
import type { StreamedBytes } from './element-value.ts'
import { setImageKind, setLossy, setPixels } from './image-elements.ts'
import { imageHandling, jpegPixels, jpegSyntax } from './jpeg-rules.ts'
import { IMAGE_CLASSES } from './storage-class.ts'
import { setFrames } from './video-elements.ts'
import type { WrapFacts } from './wrap-facts.ts'
import type { WrapFinding } from './wrap-finding.ts'
import type { Wrapped } from './wrapped.ts'

const FRAME_LIMIT_BYTES = 32 * 1024 * 1024
const ITEM_HEADER_BYTES = 8
/** SOI. */
const START_BYTES = 2
const OFFSET_LIMIT = 0xffff_ffff

/**
 * Wraps the JPEG frames of an AVI file, one fragment for each (PS3.5 §A.4.1), without the segments that may name a person. Every
 * frame is examined. Throws MEDIA_DAMAGED, MEDIA_TOO_LARGE, and the failures of `jpegSyntax`.
 */
export async function wrapFrames(source: ByteSource, video: MotionJpeg, facts: WrapFacts): Promise<Wrapped> {
  const { first, frames, lengths, findings } = await examine(source, video)
  const pixels = jpegPixels(first)
  const { handling, findings: found } = imageHandling(facts.handling, pixels.bitsStored)
  if (handling.as === 'secondary' && pixels.samples === 1)
    throw new Failure(
      'IMAGE_CODING',
      'wrapping an AVI: its frames are grey, which Multi-frame True Color does not allow',
    )
  const { video: sopClassUid, modality } = IMAGE_CLASSES[handling.as]
  const draft = beginDataSet(facts, { sopClassUid, modality, series: 'frames', page: 0 })
  setFrames(
    setPixels(setImageKind(draft, handling), pixels),
    frames.length,
    video.framesPerSecond,
    handling.as,
  )
  const compressed = lengths.reduce((sum, length) => sum + length, 0)
  const raw = (pixels.rows * pixels.columns * pixels.samples * pixels.bitsStored * frames.length) / 8
  setLossy(draft, { method: 'ISO_10918_1', ratio: raw / compressed })
  draft.fragments({
    offsetTable: offsetTable(lengths),
    fragments: () => fragmentsOf(source, video, frames, lengths),
  })
  const instance = {
    sopClassUid,
    sopInstanceUid: instanceUidOf(facts, sopClassUid, 0),
    studyInstanceUid: facts.study.studyInstanceUid,
    transferSyntaxUid: frameSyntax(first),
    dataSet: () => draft.read(),
  }
  return { instances: [instance], findings: [...found, ...findings] }
}

interface Examined {
  readonly first: Jpeg
  /** The frames of the file that have an image. */
  readonly frames: readonly number[]
  /** Their bytes without what is dropped. */
  readonly lengths: readonly number[]
  readonly findings: readonly WrapFinding[]
}

async function examine(source: ByteSource, video: MotionJpeg): Promise<Examined> {
  const [frames, lengths]: [number[], number[]] = [[], []]
  const findings = new Set<WrapFinding>()
  let first: Jpeg | undefined
  for (let frame = 0; frame < video.frames.count; frame++) {
    // An empty chunk repeats the frame before.
    if (video.frames.at(frame).length === 0) {
      findings.add('frameRateVaries')
      continue
    }
    const { jpeg, bytes } = await readFrame(source, video, frame)
    first ??= jpeg
    checkAlike(jpeg, first)
    if (holdsSecondField(jpeg, bytes)) throw coding('its frames consist of two fields')
    frames.push(frame)
    lengths.push(lengthOf(jpeg))
  }
  if (first === undefined) throw new Failure('VIDEO_FRAMES', 'wrapping an AVI: all its frames are empty')
  if (video.hasSound) findings.add('audioDropped')
  return { first, frames, lengths, findings: Array.from(findings) }
}

async function readFrame(
  source: ByteSource,
  video: MotionJpeg,
  frame: number,
): Promise<{ jpeg: Jpeg; bytes: Buffer }> {
  const { offset, length } = video.frames.at(frame)
  if (length > FRAME_LIMIT_BYTES)
    throw new Failure(
      'MEDIA_TOO_LARGE',
      `wrapping an AVI: a frame of ${length} bytes, at most ${FRAME_LIMIT_BYTES}`,
    )
  const bytes = await source.read(offset, length)
  if (bytes.length < length) throw damaged('an AVI', `frame ${frame + 1} is cut off`)
  return { jpeg: readJpeg(bytes), bytes }
}

function checkAlike(jpeg: Jpeg, first: Jpeg): void {
  frameSyntax(jpeg)
  const isAlike =
    jpeg.rows === first.rows &&
    jpeg.columns === first.columns &&
    jpeg.components === first.components &&
    jpeg.bits === first.bits &&
    jpeg.process === first.process &&
    jpeg.isRgb === first.isRgb
  if (!isAlike) throw coding('its frames differ in size or colours')
}

/** Frames of AVI may leave out the tables that are the same in all of them. */
const frameSyntax = (jpeg: Jpeg): string => jpegSyntax({ ...jpeg, hasHuffmanTables: true })

/** Interlaced AVI has a JPEG stream for each field in one chunk. */
function holdsSecondField(jpeg: Jpeg, bytes: Buffer): boolean {
  const rest = bytes.subarray(bytes.length - jpeg.trailingBytes)
  return rest.includes(Buffer.from([0xff, 0xd8, 0xff]))
}

function* fragmentsOf(
  source: ByteSource,
  video: MotionJpeg,
  frames: readonly number[],
  lengths: readonly number[],
): Generator<StreamedBytes> {
  for (const [i, frame] of frames.entries())
    yield {
      length: lengths[i] ?? 0,
      async *chunks() {
        const { jpeg, bytes } = await readFrame(source, video, frame)
        yield* piecesOf(jpeg, bytes)
      },
    }
}

/** The stream without what is dropped, and with the tables that it takes for granted. */
function* piecesOf(jpeg: Jpeg, bytes: Buffer): Generator<Buffer> {
  const [first, ...rest] = jpeg.kept.map(({ offset, length }) => bytes.subarray(offset, offset + length))
  if (first === undefined) return
  if (!jpeg.hasHuffmanTables) {
    yield first.subarray(0, START_BYTES)
    yield STANDARD_HUFFMAN_TABLES
    yield first.subarray(START_BYTES)
  } else yield first
  yield* rest
}

function lengthOf({ kept, hasHuffmanTables }: Jpeg): number {
  const added = hasHuffmanTables ? 0 : STANDARD_HUFFMAN_TABLES.length
  return kept.reduce((sum, { length }) => sum + length, added)
}

/** Offsets from the first fragment's item; empty if they do not fit into 32 bits (PS3.5 §A.4). */
function offsetTable(lengths: readonly number[]): Buffer {
  const table = Buffer.alloc(4 * lengths.length)
  let offset = 0
  for (const [i, length] of lengths.entries()) {
    if (offset > OFFSET_LIMIT) return Buffer.alloc(0)
    table.writeUInt32LE(offset, 4 * i)
    offset += ITEM_HEADER_BYTES + length + (length % 2)
  }
  return table
}

const coding = (found: string): Failure => new Failure('IMAGE_CODING', `wrapping an AVI: ${found}`)
