import { expect, test } from '@jest/globals'
import type { WrapHandling } from '../../../../src/agent/arrival/wrap/wrap-facts.ts'
import { TRANSFER_SYNTAX } from '../../../../src/dicom/vocabulary/transfer-syntax.ts'
import { STANDARD_HUFFMAN_TABLES } from '../../../../src/media/coding/standard-huffman-tables.ts'
import { readJpeg } from '../../../../src/media/read-jpeg.ts'
import { isWhole, recognize } from '../../../../src/media/recognize.ts'
import { Failure } from '../../../../src/platform/failure.ts'
import { describeWith } from '../../../support/media/describe-with.ts'
import { fragmentsOf, textOf } from '../../../support/media/fragments-of.ts'
import { madeBy } from '../../../support/media/made-file.ts'
import { H264, HEVC, MOTION_JPEG, MPEG2, probe, video } from '../../../support/media/made-video.ts'
import { memorySource } from '../../../support/media/memory-source.ts'
import { dciodvfyErrors, ownFindings, wrapBytes } from '../../../support/media/wrapped-file.ts'

const BASELINE = ['-c:v', 'libx264', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p']
const FRAGMENTED = ['-movflags', 'frag_keyframe+empty_moov']
const HIGH = { size: '1280x720', rate: '50', seconds: '0.2' }
/** Frames at 0, 40, 200 and 240 ms … */
const VARYING = ['-vf', "select='not(between(mod(n,10),2,4))'", '-vsync', 'vfr']
const TEN_BITS = HEVC.map((arg) => (arg === 'yuv420p' ? 'yuv420p10le' : arg))

type Case = readonly [name: string, syntax: string, bytes: Buffer]

const streams = (): readonly Case[] => [
  ['H.264 in MP4', TRANSFER_SYNTAX.MPEG4HP41, video('a.mp4', H264)],
  ['H.264 with moov first', TRANSFER_SYNTAX.MPEG4HP41, video('a.mp4', [...H264, '-movflags', 'faststart'])],
  ['H.264 in fragments', TRANSFER_SYNTAX.MPEG4HP41, video('a.mp4', [...H264, ...FRAGMENTED])],
  ['H.264 with sound', TRANSFER_SYNTAX.MPEG4HP41, video('a.mp4', [...H264, '-c:a', 'aac'], { sound: true })],
  ['H.264 in avc3', TRANSFER_SYNTAX.MPEG4HP41, video('a.mp4', [...H264, '-tag:v', 'avc3'])],
  ['H.264 in a transport stream', TRANSFER_SYNTAX.MPEG4HP41, video('a.ts', H264)],
  [
    'interlaced H.264 in a transport stream',
    TRANSFER_SYNTAX.MPEG4HP41,
    video('a.ts', [...H264, '-flags', '+ilme+ildct']),
  ],
  [
    'H.264 of level 4.2',
    TRANSFER_SYNTAX.MPEG4HP422D,
    video('a.mp4', [...H264, '-level', '4.2'], { size: '1920x1080', rate: '60', seconds: '0.1' }),
  ],
  ['HEVC in hvc1', TRANSFER_SYNTAX.HEVCMP51, video('a.mp4', [...HEVC, '-tag:v', 'hvc1'])],
  ['HEVC in hev1', TRANSFER_SYNTAX.HEVCMP51, video('a.mp4', [...HEVC, '-tag:v', 'hev1'])],
  ['HEVC Main 10', TRANSFER_SYNTAX.HEVCM10P51, video('a.mp4', TEN_BITS)],
  ['MPEG-2 in a program stream', TRANSFER_SYNTAX.MPEG2MPML, video('a.vob', MPEG2)],
  ['MPEG-2 in packets of MPEG-1', TRANSFER_SYNTAX.MPEG2MPML, video('a.mpg', MPEG2)],
  ['MPEG-2 in a transport stream', TRANSFER_SYNTAX.MPEG2MPML, video('a.ts', MPEG2)],
  ['an elementary stream of MPEG-2', TRANSFER_SYNTAX.MPEG2MPML, video('a.m2v', MPEG2)],
  ['MPEG-2 at High level', TRANSFER_SYNTAX.MPEG2MPHL, video('a.vob', MPEG2, HIGH)],
]

const codeOf = async (bytes: Buffer, handling: Partial<WrapHandling> = {}): Promise<string> =>
  wrapBytes(bytes, handling).then(
    ({ findings }) => findings.join(),
    (error: unknown) => (error instanceof Failure ? error.code : String(error)),
  )

/** The 10 bits of HEVC Main 10, which PS3.5 §8.2.11 demands, are newer than dciodvfy. */
const isKnown = (error: string): boolean => /Bits Allocated|Bits Stored|High Bit/.test(error)

describeWith(['ffmpeg', 'ffprobe', 'convert', 'dciodvfy'], 'wrapped video', () => {
  test('a wrapped video is the file as it is, and its size, frames and rate are those that ffprobe finds', async () => {
    for (const [name, syntax, bytes] of streams()) {
      const { instances, findings } = await wrapBytes(bytes)
      const [instance] = instances
      if (instance === undefined) throw new Error(name)
      expect([name, instance.transferSyntaxUid, findings]).toEqual([name, syntax, []])
      expect([name, ownFindings(instance)]).toEqual([name, []])
      const [table, stream, ...more] = fragmentsOf(instance.dataSet)
      expect([name, table?.length, more.length]).toEqual([name, 0, 0])
      expect([name, stream?.subarray(0, bytes.length).equals(bytes)]).toEqual([name, true])
      const probed = probe(bytes)
      const frames = Number(textOf(instance.dataSet, '00280008', 'IS'))
      expect([name, frames]).toEqual([name, probed.frames])
      expect([name, Number(textOf(instance.dataSet, '00180040', 'IS'))]).toEqual([
        name,
        Math.round(probed.framesPerSecond),
      ])
      expect([name, sizeOf(instance.dataSet)]).toEqual([name, [probed.rows, probed.columns]])
    }
  })

  test('a wrapped video has no error that dciodvfy finds, in every class', async () => {
    for (const [name, , bytes] of streams()) {
      for (const as of ['endoscopic', 'photographic', 'secondary'] as const) {
        const { instances } = await wrapBytes(bytes, { as })
        const errors = instances.flatMap((one) => dciodvfyErrors(one, TRANSFER_SYNTAX.MPEG4HP41))
        expect([name, as, errors.filter((error) => !isKnown(error))]).toEqual([name, as, []])
      }
    }
  })

  test('each frame of a Motion JPEG AVI is a fragment with its scan unchanged', async () => {
    const bytes = video('a.avi', MOTION_JPEG)
    for (const as of ['endoscopic', 'secondary'] as const) {
      const { instances } = await wrapBytes(bytes, { as })
      const [instance] = instances
      if (instance === undefined) throw new Error('no instance')
      expect(instance.transferSyntaxUid).toBe(TRANSFER_SYNTAX.JPEGBaseline8Bit)
      expect(dciodvfyErrors(instance)).toEqual([])
      expect(ownFindings(instance)).toEqual([])
      const [table, ...frames] = fragmentsOf(instance.dataSet)
      expect([frames.length, (table?.length ?? 0) / 4]).toEqual([25, 25])
      expect(frames.length).toBe(probe(bytes).frames)
      for (const frame of frames) {
        expect(frame.includes('Lavc')).toBe(false)
        const scan = frame.subarray(frame.lastIndexOf(Buffer.from('ffda', 'hex')), -2)
        expect(bytes.includes(scan)).toBe(true)
        expect(readJpeg(frame)).toMatchObject({ rows: 240, columns: 320 })
      }
    }
  })

  test('frames of an AVI without Huffman tables get those that readers take for granted', async () => {
    const bytes = video('a.avi', [...MOTION_JPEG, '-huffman', 'default'])
    const { instances } = await wrapBytes(bytes)
    const without = withoutTables(bytes)
    expect(without.length).toBeLessThan(bytes.length - 25 * 400)
    const { instances: completed } = await wrapBytes(without)
    const [[, ...expected], [, ...frames]] = [instances, completed].map(([one]) =>
      fragmentsOf(one?.dataSet ?? bytes),
    ) as [Buffer[], Buffer[]]
    expect(frames).toHaveLength(25)
    expect(frames.filter((frame) => !frame.includes(STANDARD_HUFFMAN_TABLES))).toEqual([])
    for (const [i, frame] of frames.slice(0, 3).entries())
      expect(decoded(frame).equals(decoded(expected[i] ?? bytes))).toBe(true)
  })

  test('a video for which DICOM has no syntax is held, and its cause has a code', async () => {
    const held: readonly (readonly [string, Buffer])[] = [
      ['VIDEO_PROFILE', video('a.mp4', BASELINE)],
      [
        'VIDEO_PROFILE',
        video('a.mp4', [...H264, '-profile:v', 'main', '-x264-params', '8x8dct=0:log-level=none']),
      ],
      ['VIDEO_PROFILE', video('a.mp4', [...H264, '-level', '5.1'])],
      ['VIDEO_PROFILE', video('a.mp4', [...H264, '-profile:v', 'high422', '-pix_fmt', 'yuv422p'])],
      ['VIDEO_PIXELS', video('a.mp4', [...H264, '-vf', 'setsar=4/3'])],
      ['VIDEO_PIXELS', video('a.vob', MPEG2, { size: '1024x576' })],
      ['VIDEO_CODEC', video('a.mp4', ['-c:v', 'mpeg4'])],
      ['VIDEO_CODEC', video('a.avi', ['-c:v', 'mpeg4'])],
      ['VIDEO_CODEC', video('a.mov', H264)],
      ['VIDEO_CODEC', video('a.mpg', ['-c:v', 'mpeg1video'])],
      ['VIDEO_AUDIO', video('a.mp4', [...H264, '-c:a', 'ac3'], { sound: true })],
      ['IMAGE_ROTATED', turnedVideo()],
      ['MEDIA_DAMAGED', video('a.mp4', H264).subarray(0, -200)],
      ['MEDIA_DAMAGED', video('a.vob', MPEG2).subarray(0, -200)],
    ]
    for (const [i, [code, bytes]] of held.entries()) expect([i, await codeOf(bytes)]).toEqual([i, code])
    expect(await recognize(memorySource(video('a.wmv', ['-c:v', 'wmv2'])))).toBeUndefined()
  })

  test('lower profiles and a turned picture are sent if the folder says so, with a finding', async () => {
    expect(await codeOf(video('a.mp4', BASELINE), { lowerProfiles: 'accept' })).toBe('lowerProfile')
    const turned = turnedVideo()
    expect(await codeOf(turned, { orientation: 'send' })).toBe('imageRotated')
  })

  test('a rate that varies is a finding, whether the file is in fragments or not', async () => {
    expect(await codeOf(video('a.mp4', [...H264, ...VARYING], { seconds: '2' }))).toBe('frameRateVaries')
    const fragmented = video('a.mp4', [...H264, ...VARYING, ...FRAGMENTED], { seconds: '2' })
    expect(await codeOf(fragmented)).toBe('frameRateVaries')
  })

  test('a video that is cut off is not whole, wherever it is cut', async () => {
    const files: readonly Buffer[] = [
      video('a.mp4', H264),
      video('a.mp4', [...H264, '-movflags', 'faststart']),
      video('a.avi', MOTION_JPEG),
      video('a.vob', MPEG2),
    ]
    for (const [i, bytes] of files.entries()) {
      const source = memorySource(bytes)
      const kind = await recognize(source)
      if (kind === undefined) throw new Error(`file ${i} is of no known kind`)
      expect([i, await isWhole(source, kind)]).toEqual([i, true])
      for (let length = 1000; length < bytes.length - 4; length += 997) {
        // Only the places between two packets of a program stream cannot be told from its end.
        const isCut = typeof (await isWhole(memorySource(bytes.subarray(0, length)), kind)) === 'string'
        expect([i, length, isCut || bytes.readUIntBE(length, 3) === 1]).toEqual([i, length, true])
      }
    }
  })
})

const decoded = (frame: Buffer): Buffer => madeBy('convert', 'a.rgb', ['jpg:-', 'OUT'], frame)

/** Removes the tables from each frame of an AVI of ffmpeg, and shortens its chunks. */
function withoutTables(avi: Buffer): Buffer {
  const pieces: Buffer[] = []
  let done = 0
  for (
    let at = avi.indexOf('00dc', avi.indexOf('movi'));
    at !== -1 && at < avi.indexOf('idx1');
    at = avi.indexOf('00dc', at + 4)
  ) {
    const length = avi.readUInt32LE(at + 4)
    const frame = avi.subarray(at + 8, at + 8 + length)
    const tablesAt = frame.indexOf(Buffer.from('ffc4', 'hex'))
    const tablesEnd = tablesAt + 2 + frame.readUInt16BE(tablesAt + 2)
    const rest = Buffer.concat([frame.subarray(0, tablesAt), frame.subarray(tablesEnd)])
    const head = Buffer.from(avi.subarray(at, at + 8))
    head.writeUInt32LE(rest.length, 4)
    pieces.push(avi.subarray(done, at), head, rest, Buffer.alloc(rest.length % 2))
    done = at + 8 + length + (length % 2)
  }
  const result = Buffer.concat([...pieces, avi.subarray(done)])
  const removed = avi.length - result.length
  result.writeUInt32LE(result.readUInt32LE(4) - removed, 4)
  const movie = result.indexOf('movi') - 4
  result.writeUInt32LE(result.readUInt32LE(movie) - removed, movie)
  return result
}

/** The matrix of its track turns the picture by 90°, as phones do it. */
function turnedVideo(): Buffer {
  const bytes = video('a.mp4', H264)
  const matrixAt = bytes.indexOf('tkhd') + 4 + 40
  bytes.write('00000000000100000000000000ffff0000'.padEnd(40, '0'), matrixAt, 'hex')
  return bytes
}

/** Rows and Columns. */
function sizeOf(dataSet: Buffer): number[] {
  const at = dataSet.indexOf(Buffer.from('2800100055530200', 'hex'))
  return [dataSet.readUInt16LE(at + 8), dataSet.readUInt16LE(at + 18)]
}
