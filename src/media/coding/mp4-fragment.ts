import { boxAt, boxesIn } from './boxes.ts'
import type { Mp4Track } from './mp4-track.ts'

const FLAG = { baseDataOffset: 0x1, description: 0x2, duration: 0x8 } as const
const RUN_FLAG = {
  dataOffset: 0x1,
  firstSampleFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  composition: 0x800,
} as const
const SAMPLE_LIMIT = 1_000_000

/** Returns the default duration of the samples of a track in fragments (`trex`, ISO 14496-12 §8.8.3); 0 if there is none. */
export function fragmentDefaults(extends_: Buffer | undefined, trackId: number): number {
  const defaults = boxesIn(extends_ ?? Buffer.alloc(0)).find(
    ({ type, body }) => type === 'trex' && body.length >= 24 && body.readUInt32BE(4) === trackId,
  )
  return defaults?.body.readUInt32BE(12) ?? 0
}

/** Adds the durations of a fragment's samples to those of the track; returns their number (§8.8.7, §8.8.8). */
export function addFragment(moof: Buffer, track: Mp4Track, defaultDuration: number): number {
  let count = 0
  for (const { type, body } of boxesIn(moof)) {
    if (type !== 'traf') continue
    const boxes = boxesIn(body)
    const header = boxAt(boxes, 'tfhd')
    if (header === undefined || header.length < 8 || header.readUInt32BE(4) !== track.id) continue
    const usual = durationIn(header) ?? defaultDuration
    for (const run of boxes) if (run.type === 'trun') count += addRun(run.body, track, usual)
  }
  return count
}

function durationIn(header: Buffer): number | undefined {
  const flags = header.readUInt32BE(0) & 0xff_ffff
  if ((flags & FLAG.duration) === 0) return undefined
  const at = 8 + ((flags & FLAG.baseDataOffset) === 0 ? 0 : 8) + ((flags & FLAG.description) === 0 ? 0 : 4)
  return at + 4 <= header.length ? header.readUInt32BE(at) : undefined
}

function addRun(run: Buffer, track: Mp4Track, usual: number): number {
  if (run.length < 8) return 0
  const flags = run.readUInt32BE(0) & 0xff_ffff
  const count = Math.min(run.readUInt32BE(4), SAMPLE_LIMIT)
  if ((flags & RUN_FLAG.duration) === 0) {
    track.durations.add(count, usual)
    return count
  }
  const has = (flag: number): number => ((flags & flag) === 0 ? 0 : 4)
  const start = 8 + has(RUN_FLAG.dataOffset) + has(RUN_FLAG.firstSampleFlags)
  const each = 4 + has(RUN_FLAG.size) + has(RUN_FLAG.flags) + has(RUN_FLAG.composition)
  const stored = Math.min(count, Math.max(0, Math.floor((run.length - start) / each)))
  for (let i = 0; i < stored; i++) track.durations.add(1, run.readUInt32BE(start + i * each))
  return stored
}
