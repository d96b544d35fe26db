import { createHash } from 'node:crypto'
import { Sealer } from '../../src/age/sealer.ts'
import { generateIdentity, parseRecipient, type Recipient } from '../../src/age/x25519-keys.ts'
import { Deidentification } from '../../src/agent/deidentify/deidentification.ts'
import { KnownValuesCache } from '../../src/agent/deidentify/known-values-cache.ts'
import { ProjectKey } from '../../src/agent/deidentify/project-key.ts'
import { editedDataSet } from '../../src/agent/edited-data-set.ts'
import { SpoolFileSealer } from '../../src/agent/envelope/seal-spool-file.ts'
import { encodePart10Header } from '../../src/dicom/part10.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { load } from '../load.ts'
import type { StudyInstance } from '../send-study.ts'
import { BENCH_PROFILE } from './profile.ts'

/** As they come from a socket. */
const CHUNK_BYTES = 64 * 1024

export interface Cost {
  readonly instances: number
  readonly dataSetBytes: number
  /** CPU seconds (user and system) of each round, in turn. */
  readonly sealing: readonly number[]
  readonly deidentifying: readonly number[]
  /** The median of the rounds' quotients. */
  readonly ratio: number
}

/** Sealing alone against sealing what was de-identified, over the CT set in memory, taking turns. */
export async function measureCost(instances: number, rounds: number): Promise<Cost> {
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
  const pass = (isDeidentifying: boolean): number => {
    const before = process.cpuUsage()
    for (const { instance, dataSet } of sets) {
      seal(instance, dataSet, recipients, isDeidentifying ? { key, knownValues } : undefined)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  // What the engine compiles counts for neither.
  pass(false)
  pass(true)
  const [sealing, deidentifying]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    sealing.push(pass(false))
    deidentifying.push(pass(true))
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
  const change = edits && editedDataSet(transferSyntaxUid, edits, () => edits.transferSyntaxUid)
  // The audit record has the digest of what came, too.
  const before = change && createHash('sha256')
  const header = encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })
  const sealer = new SpoolFileSealer(envelopeOf(instance, header), header, new Sealer(recipients))
  sealer.start()
  for (let at = 0; at < dataSet.length; at += CHUNK_BYTES) {
    const chunk = dataSet.subarray(at, at + CHUNK_BYTES)
    before?.update(chunk)
    for (const piece of change?.push(chunk) ?? [chunk]) sealer.update(piece)
  }
  for (const piece of change?.finish() ?? []) sealer.update(piece)
  before?.digest('hex')
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
