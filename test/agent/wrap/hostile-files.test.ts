import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { wrapFile } from '../../../src/agent/arrival/wrap/wrap-file.ts'
import type { ByteSource } from '../../../src/media/byte-source.ts'
import { isWhole, type MediaKind, recognize } from '../../../src/media/recognize.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { describeWith } from '../../support/media/describe-with.ts'
import { image } from '../../support/media/made-file.ts'
import { H264, HEVC, MOTION_JPEG, MPEG2, video } from '../../support/media/made-video.ts'
import { SMALL_FILES } from '../../support/media/small-files.ts'
import { someFacts } from '../../support/media/some-facts.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const MIB = 1024 * 1024
/** Numbers that length fields get. */
const EXTREMES = [0, 1, 2, 7, 8, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff]
const TURN_LIMIT_MS = 2000

interface Damage {
  readonly at: number
  readonly kind: 'cut' | 'flip' | 'big' | 'little' | 'short' | 'remove' | 'repeat'
  readonly value: number
}

const damages = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    kind: fc.constantFrom<Damage['kind'][]>('cut', 'flip', 'big', 'little', 'short', 'remove', 'repeat'),
    value: fc.oneof(fc.constantFrom(...EXTREMES), fc.nat(0xffff)),
  }),
  { minLength: 1, maxLength: 4 },
)

function damaged(bytes: Buffer, all: readonly Damage[]): Buffer {
  let result = Buffer.from(bytes)
  for (const { at, kind, value } of all) {
    // Half of the places are in the first kilobyte, where headers are.
    const place = Math.floor(at * (value % 2 === 0 ? Math.min(1024, result.length) : result.length))
    const room = result.length - place
    if (kind === 'cut') result = result.subarray(0, place)
    else if (kind === 'remove')
      result = Buffer.concat([result.subarray(0, place), result.subarray(place + (value % 64))])
    else if (kind === 'repeat')
      result = Buffer.concat([
        result.subarray(0, place),
        result.subarray(Math.max(0, place - (value % 4096))),
      ])
    else if (kind === 'big' && room >= 4) result.writeUInt32BE(value, place)
    else if (kind === 'little' && room >= 4) result.writeUInt32LE(value, place)
    else if (kind === 'short' && room >= 2) result.writeUInt16BE(value & 0xffff, place)
    else if (room >= 1) result.writeUInt8(result.readUInt8(place) ^ (1 << (value % 8)), place)
  }
  return result
}

/** A source that counts, and refuses to be read without end. */
class CountedSource implements ByteSource {
  readonly #bytes: Buffer
  #read = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const piece = this.#bytes.subarray(offset, offset + length)
    this.#read += piece.length + 64
    if (this.#read > 400 * this.size + 64 * MIB) throw new Error('the file was read without end')
    return Buffer.from(piece)
  }
}

/** Returns the code of the failure, or undefined if the file was wrapped; anything else is thrown. */
async function outcome(bytes: Buffer, forced?: MediaKind): Promise<string | undefined> {
  const source = new CountedSource(bytes)
  const kind = forced ?? (await recognize(source))
  if (kind === undefined) return 'unknown'
  await isWhole(source, kind)
  try {
    const { handling } = someFacts()
    const loose = { ...handling, orientation: 'send', lowerProfiles: 'accept' } as const
    const { instances } = await wrapFile(source, kind, someFacts({ handling: loose }))
    for (const instance of instances)
      for await (const piece of instance.dataSet()) expect(piece.length).toBeLessThan(160 * MIB)
    return undefined
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'INTERNAL') throw error
    return error.code
  }
}

/** Returns how often each code, or 'wrapped', was the outcome. */
async function outcomes(files: readonly Buffer[], runs: number): Promise<Map<string, number>> {
  const codes = new Map<string, number>()
  const before = process.memoryUsage().rss
  await fc.assert(
    fc.asyncProperty(fc.nat(files.length - 1), damages, async (index, all) => {
      const began = performance.now()
      const code = (await outcome(damaged(files[index] ?? Buffer.alloc(0), all))) ?? 'wrapped'
      codes.set(code, (codes.get(code) ?? 0) + 1)
      expect(performance.now() - began).toBeLessThan(TURN_LIMIT_MS)
    }),
    { numRuns: propertyRuns(runs) },
  )
  expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB)
  return codes
}

test('a damaged small file of any kind ends in an instance or a failure', async () => {
  const codes = await outcomes(
    SMALL_FILES.map(([, bytes]) => bytes),
    4000,
  )
  // A negative control: damage is both found and survived.
  expect(codes.get('MEDIA_DAMAGED')).toBeGreaterThan(0)
  expect(codes.size).toBeGreaterThan(1)
}, 120_000)

test('a file that is read as every other kind ends in an instance or a failure', async () => {
  const kinds = new Set<MediaKind>([
    'mp4',
    'mpeg',
    'avi',
    'tiff',
    'jpeg',
    'png',
    'bmp',
    'pdf',
    'cda',
    'stl',
    'zip',
    'dicom',
  ])
  for (const kind of kinds)
    for (const [, bytes] of [...SMALL_FILES, ['', Buffer.alloc(3)], ['', Buffer.alloc(5000, 0xff)]] as const)
      expect(typeof ((await outcome(bytes, kind)) ?? '')).toBe('string')
})

describeWith(['ffmpeg', 'convert'], 'damaged files of real programs', () => {
  test('a damaged still ends in an instance or a failure', async () => {
    const picture = ['-size', '67x45', 'plasma:', '-depth', '8']
    const tiffs = ['none', 'lzw', 'zip', 'rle'].map((one) => image('a.tif', ...picture, '-compress', one))
    const codes = await outcomes(
      [image('a.jpg', ...picture), image('a.png', ...picture), image('a.bmp', ...picture), ...tiffs],
      4000,
    )
    // A negative control: damage is both found and survived.
    expect(codes.get('MEDIA_DAMAGED')).toBeGreaterThan(0)
    expect(codes.size).toBeGreaterThan(1)
  }, 120_000)

  test('a damaged video ends in an instance or a failure', async () => {
    const short = { size: '64x48', seconds: '0.4' }
    const codes = await outcomes(
      [
        video('a.mp4', H264, short),
        video('a.mp4', [...H264, '-movflags', 'frag_keyframe+empty_moov'], short),
        video('a.mp4', HEVC, short),
        video('a.ts', H264, short),
        video('a.ts', MPEG2, short),
        video('a.vob', MPEG2, short),
        video('a.avi', MOTION_JPEG, short),
      ],
      4000,
    )
    // A negative control: damage is both found and survived.
    expect(codes.get('MEDIA_DAMAGED')).toBeGreaterThan(0)
    expect(codes.size).toBeGreaterThan(1)
  }, 120_000)
})
