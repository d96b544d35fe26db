import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { recordBytes, segmentFileName } from '../../../src/agent/queue/segments/segment-format.ts'
import { SegmentLog } from '../../../src/agent/queue/segments/segment-log.ts'
import { walkRecords } from '../../../src/agent/queue/segments/walk-records.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { sealInstance } from '../../support/instances/sealed-instance.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { Random } from '../../support/random.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const ROUNDS = propertyRuns(10_000)
const RECORDS = 8

interface Written {
  readonly name: Ulid
  readonly bytes: Buffer
  /** Begin and end of each record with its image, padding not counted. */
  readonly records: readonly { readonly from: number; readonly to: number }[]
}

async function writeSegment(folder: string, dataSets: readonly Buffer[]): Promise<Written> {
  using log = new SegmentLog({ folder, newest: undefined, noteEnd: () => {}, now: () => 1e12 })
  const images = dataSets.map((dataSet) => [sealInstance({ dataSet }).bytes])
  const { places, end } = await log.append(images)
  const records = places.map(({ offset }, i) => ({
    from: offset - 32,
    to: offset + (images[i]?.[0]?.length ?? 0),
  }))
  return { name: end.segment, bytes: readFileSync(join(folder, segmentFileName(end.segment))), records }
}

const random = Random.fromEnvironment()
const small = (): Buffer => Buffer.alloc(random.between(100, 12_000), 1)

/** Offsets of the records that a walk finds. */
function offsetsIn(folder: string, { name }: Written, verify = true): number[] {
  return Array.from(walkRecords(folder, name, { verify })).flatMap((found) =>
    found.kind === 'record' ? [found.offset - 32] : [],
  )
}

interface Damage {
  readonly from: number
  readonly to: number
  readonly cut: number
}

/** One damage as disks and power cuts make them: bytes flipped, blocks of zeros or of other data, an end cut off. */
function damage(bytes: Buffer): { damaged: Buffer; hurt: Damage } {
  const kind = random.below(4)
  const from = random.below(bytes.length)
  const cut = kind === 3 ? from : bytes.length
  const to = Math.min(bytes.length, from + (kind === 0 ? 1 : random.between(1, 20_000)))
  const damaged = Buffer.from(bytes.subarray(0, cut))
  if (kind === 0) damaged[from] = (damaged[from] ?? 0) ^ (1 << random.below(8))
  if (kind === 1) damaged.fill(0, from, to)
  if (kind === 2) damaged.fill(random.between(1, 255), from, to)
  return { damaged, hurt: { from, to: kind === 3 ? bytes.length : to, cut } }
}

test(`of ${ROUNDS} damaged segments no whole record is missed, and no torn one is taken (FERRY_SEED=${random.seed})`, async () => {
  using folder = tempFolder()
  const written = await writeSegment(folder.path, Array.from({ length: RECORDS }, small))
  const path = join(folder.path, segmentFileName(written.name))
  const wrong: unknown[] = []
  let torn = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { damaged, hurt } = damage(written.bytes)
    writeFileSync(path, damaged)
    const same = ({ from, to }: { from: number; to: number }): boolean =>
      to <= damaged.length && damaged.subarray(from, to).equals(written.bytes.subarray(from, to))
    const whole = written.records.filter(same).map(({ from }) => from)
    torn += RECORDS - whole.length
    const found = offsetsIn(folder.path, written)
    if (found.join() !== whole.join()) wrong.push({ hurt, found, whole })
  }
  expect(wrong.slice(0, 3)).toEqual([])
  expect(torn).toBeGreaterThan(ROUNDS / 2)
}, 120_000)

test('control: without its digest a record with a changed image would be taken', async () => {
  using folder = tempFolder()
  const written = await writeSegment(folder.path, [Buffer.alloc(50_000), small()])
  const bytes = Buffer.from(written.bytes)
  bytes.fill(0, 4096 * 5, 4096 * 6)
  writeFileSync(join(folder.path, segmentFileName(written.name)), bytes)
  expect([offsetsIn(folder.path, written, false), offsetsIn(folder.path, written)]).toEqual([
    written.records.map(({ from }) => from),
    written.records.slice(1).map(({ from }) => from),
  ])
})

test('a segment inside an image, and records of another segment in stale blocks, are not taken for records', async () => {
  using folder = tempFolder()
  using other = tempFolder()
  const foreign = await writeSegment(other.path, [small(), small()])
  const written = await writeSegment(folder.path, [small(), small()])
  const path = join(folder.path, segmentFileName(written.name))
  // The whole other segment follows, as blocks that were used before.
  writeFileSync(path, Buffer.concat([written.bytes, foreign.bytes]))
  expect(offsetsIn(folder.path, written)).toEqual(written.records.map(({ from }) => from))
  // And it is there instead of the first record.
  const [first, second] = written.records
  const covered = Buffer.from(written.bytes)
  foreign.bytes.copy(
    covered,
    first?.from,
    4096,
    4096 + recordBytes((first?.to ?? 0) - (first?.from ?? 0) - 32),
  )
  writeFileSync(path, covered)
  expect(offsetsIn(folder.path, written)).toEqual([second?.from])
})

test('a segment without its own head is read by its name, and under another name it has no records', async () => {
  using folder = tempFolder()
  const written = await writeSegment(folder.path, [small(), small(), small()])
  const path = join(folder.path, segmentFileName(written.name))
  writeFileSync(path, Buffer.concat([Buffer.alloc(4096), written.bytes.subarray(4096)]))
  expect(offsetsIn(folder.path, written)).toHaveLength(3)
  const name = `${written.name.slice(0, -1)}${written.name.endsWith('0') ? '1' : '0'}` as Ulid
  copyFileSync(path, join(folder.path, segmentFileName(name)))
  expect(offsetsIn(folder.path, { ...written, name })).toEqual([])
})

test('the walk tells where the gaps are, and reads only from a mark on', async () => {
  using folder = tempFolder()
  const written = await writeSegment(folder.path, [small(), small(), small()])
  const path = join(folder.path, segmentFileName(written.name))
  const [, second, third] = written.records
  truncateSync(path, (third?.to ?? 0) - 10)
  const from = second?.from ?? 0
  expect(Array.from(walkRecords(folder.path, written.name, { from, verify: true }))).toMatchObject([
    { kind: 'record', offset: from + 32 },
    { kind: 'gap', offset: third?.from, end: (third?.to ?? 0) - 10 },
  ])
})
