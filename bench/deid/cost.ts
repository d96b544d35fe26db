import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Sealer } from '../../src/age/sealer.ts'
import { generateIdentity, parseRecipient, type Recipient } from '../../src/age/x25519-keys.ts'
import { Deidentification } from '../../src/agent/deidentify/deidentification.ts'
import { KnownValuesCache } from '../../src/agent/deidentify/names/known-values-cache.ts'
import { ProjectKey } from '../../src/agent/deidentify/rules/project-key.ts'
import { SpoolFileSealer } from '../../src/agent/envelope/seal-spool-file.ts'
import { editedDataSet } from '../../src/agent/intake/edited-data-set.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { load } from '../load.ts'
import type { StudyInstance } from '../send-study.ts'
import { BENCH_PROFILE } from './profile.ts'

/** As they come from a socket. */
const CHUNK_BYTES = 64 * 1024
/**
 * Numbers of slices for one way, then for the other: a moment that slows the machine slows both. The numbers differ, so that
 * garbage collections, which come at even intervals, do not always fall on the same way.
 */
const TURNS = [7, 10, 5, 13, 9, 6, 11, 8, 14, 12]
/** Times that a round takes all slices. */
const PASSES = 5

interface Cost {
  readonly instances: number
  readonly dataSetBytes: number
  /** CPU seconds (user and system) of each round, in turn. */
  readonly sealing: readonly number[]
  readonly deidentifying: readonly number[]
  /** The median of the rounds' quotients. */
  readonly ratio: number
}

/** {@link compareCosts} in a process that does nothing else. */
export async function measureCost(instances: number, rounds: number): Promise<Cost> {
  const script = join(import.meta.dirname, 'run-cost.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(instances), String(rounds)])
  return JSON.parse(stdout) as Cost
}

/**
 * Sealing alone against sealing what was de-identified, over the CT set in memory, taking turns. Each instance has one
 * route, so no original is kept and none is digested.
 */
export async function compareCosts(instances: number, rounds: number): Promise<Cost> {
  const { instances: loaded, expected } = await load('ct', instances)
  const sets = await Promise.all(
    loaded.map(async (instance) => ({ instance, dataSet: await wholeOf(instance) })),
  )
  // As in an agent: the center's key and the recovery key, read once.
  const recipients = [generateIdentity(), generateIdentity()].map(({ recipient }) =>
    parseRecipient(recipient),
  )
  const key = new ProjectKey(Buffer.alloc(32, 'bench'))
  const knownValues = new KnownValuesCache()
  const pass = (some: typeof sets, isDeidentifying: boolean): number => {
    const before = process.cpuUsage()
    for (const { instance, dataSet } of some) {
      seal(instance, dataSet, recipients, isDeidentifying ? { key, knownValues } : undefined)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  const [sealing, deidentifying]: [number[], number[]] = [[], []]
  // In the first the engine compiles, and it counts for neither: an agent runs for months.
  for (let round = 0; round <= rounds; round++) {
    const seconds = [0, 0]
    for (let [taken, turn] = [0, round]; taken < PASSES * sets.length; turn++) {
      const from = taken % sets.length
      const some = sets.slice(from, from + (TURNS[turn % TURNS.length] ?? 1))
      for (const way of [0, 1]) seconds[way] = (seconds[way] ?? 0) + pass(some, way === 1)
      taken += some.length
    }
    if (round === 0) continue
    sealing.push((seconds[0] ?? 0) / PASSES)
    deidentifying.push((seconds[1] ?? 0) / PASSES)
  }
  const ratios = deidentifying.map((seconds, i) => seconds / (sealing[i] ?? 1)).toSorted((a, b) => a - b)
  const ratio = ratios[Math.floor(ratios.length / 2)] ?? Number.NaN
  return { instances: sets.length, dataSetBytes: expected.dataSetBytes, sealing, deidentifying, ratio }
}

function seal(
  instance: StudyInstance,
  dataSet: Buffer,
  recipients: readonly Recipient[],
  deid: { key: ProjectKey; knownValues: KnownValuesCache } | undefined,
): void {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
  const edits =
    deid &&
    new Deidentification({
      ...deid,
      profile: BENCH_PROFILE,
      source: { device: undefined, callingAeTitle: 'BENCH' },
      sopClassUid,
      transferSyntaxUid,
    })
  const change =
    edits && editedDataSet(transferSyntaxUid, edits, () => edits.transferSyntaxUid, edits.outputCheck())
  const header = encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })
  const sealer = new SpoolFileSealer(envelopeOf(instance, header), header, new Sealer(recipients))
  sealer.start()
  for (let at = 0; at < dataSet.length; at += CHUNK_BYTES) {
    const chunk = dataSet.subarray(at, at + CHUNK_BYTES)
    for (const piece of change?.push(chunk) ?? [chunk]) sealer.push(piece)
  }
  for (const piece of change?.finish() ?? []) sealer.push(piece)
  edits?.audit()
  sealer.finish()
}

function envelopeOf({ sopClassUid, sopInstanceUid, transferSyntaxUid }: StudyInstance, header: Buffer) {
  return {
    ulid: newUlid(0),
    arrivedAt: new Date(0).toISOString(),
    listener: 'bench',
    callingAeTitle: 'BENCH',
    calledAeTitle: 'FERRY',
    sopClassUid,
    sopInstanceUid,
    studyInstanceUid: '1.2.3',
    seriesInstanceUid: '1.2.3.4',
    transferSyntaxUid,
    part10HeaderBytes: header.length,
    policy: 'bench',
  }
}

async function wholeOf(instance: StudyInstance): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of instance.dataSet()) chunks.push(chunk)
  return Buffer.concat(chunks)
}
