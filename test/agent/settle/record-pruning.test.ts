import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { decideCommitment, OUTCOME } from '../../../src/agent/settle/decide-commitment.ts'
import { RecordPruning } from '../../../src/agent/settle/record-pruning.ts'
import { RetentionClock } from '../../../src/agent/settle/retention-clock.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { fillIndex } from '../../support/instances/large-index.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CENTER = 'center'
const SCHEMA = join(import.meta.dirname, '../../../src/agent/queue/schema')
const DAY_MS = 86_400_000
const TABLES = ['instance', 'delivery', 'finding', 'manifest', 'study']

/** Two studies of 250 instances that were confirmed and removed, and one of 30 whose files are kept. */
async function openFilled() {
  const stack = new DisposableStack()
  const folder = stack.use(tempFolder())
  const queue = stack.use(await openQueue(folder.path, systemClock, [CENTER]))
  const path = folder.join('queue.sqlite')
  const database = stack.adopt(Database.open(path, SCHEMA), (it) => it.close())
  const large = { instances: 500, perStudy: 250, untilMs: Date.now() - 1000, statementBytes: 1000 }
  for (const ulids of fillIndex(database, large)) queue.retained.markRemoved(ulids)
  Array.from(fillIndex(database, { ...large, instances: 30 }))
  const count = (table: string): number =>
    database.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0
  const studies = database.all<{ uid: string }>(
    'SELECT study_instance_uid AS uid FROM study WHERE records_since IS NOT NULL ORDER BY records_since',
  )
  return {
    queue,
    database,
    counts: () => Object.fromEntries(TABLES.map((table) => [table, count(table)])),
    removed: studies.map(({ uid }) => uid),
    [Symbol.dispose]: () => stack.dispose(),
  }
}

/** Looks after this many days of the time of retention. */
async function pruning({ queue }: { queue: Queue }, days: number): Promise<number> {
  queue.retentionTimes.write({ elapsedMs: days * DAY_MS, ownMs: Date.now(), centerMs: Date.now() })
  return pruningAt(queue, 0).forgetDue(new AbortController().signal)
}

function pruningAt(queue: Queue, offsetMs: number | undefined, clock: Clock = systemClock): RecordPruning {
  const retentionClock = new RetentionClock(queue.retentionTimes, clock, () => offsetMs)
  return new RecordPruning({
    records: queue.records,
    keepMs: 400 * DAY_MS,
    retentionClock,
    clock,
    log: silentLog,
  })
}

const KEPT = { instance: 30, delivery: 30, finding: 0, manifest: 1, study: 1 }

test('records of studies that were removed long ago are forgotten, and nothing of what is kept', async () => {
  using filled = await openFilled()
  expect(await pruning(filled, 399)).toBe(0)
  expect(filled.counts()).toMatchObject({ instance: 530, study: 3 })
  expect(await pruning(filled, 401)).toBe(2)
  expect(filled.counts()).toEqual(KEPT)
  expect(filled.queue.deliveries.counts(CENTER).confirmed).toBe(30)
  expect(filled.queue.studies.counts(CENTER)).toEqual({ open: 0, closed: 0, confirmed: 1 })
})

test('no records are forgotten by a clock that jumps ahead, or before the center has said its time', async () => {
  using filled = await openFilled()
  const { queue } = filled
  const { signal } = new AbortController()
  queue.retentionTimes.write({ elapsedMs: 0, ownMs: Date.now(), centerMs: Date.now() })
  const ahead: Clock = { ...systemClock, now: () => Date.now() + 4000 * DAY_MS }
  expect(await pruningAt(queue, -4000 * DAY_MS, ahead).forgetDue(signal)).toBe(0)
  queue.retentionTimes.write({ elapsedMs: 4000 * DAY_MS, ownMs: Date.now(), centerMs: Date.now() })
  expect(await pruningAt(queue, undefined).forgetDue(signal)).toBe(0)
  expect(filled.counts()).toMatchObject({ instance: 530 })
})

test('one transaction forgets no more than it is told, and a crash in between leaves the rest for later', async () => {
  using filled = await openFilled()
  const { records } = filled.queue
  const until = DAY_MS
  const study = records.due(until) ?? ''
  expect(records.forgetSome(study, until, 100)).toBe(true)
  expect(filled.counts()).toMatchObject({ instance: 430, delivery: 430, manifest: 3, study: 3 })
  expect(records.due(until)).toBe(study)
})

test('a study of which something comes again is not forgotten', async () => {
  using filled = await openFilled()
  const { queue, removed } = filled
  const instance = await spoolInstance(queue.spool, { studyInstanceUid: removed[0] ?? '' })
  await queue.acceptance.accept(instance)
  expect(await pruning(filled, 401)).toBe(1)
  expect(filled.counts()).toMatchObject({ instance: 281, study: 2 })
})

test('an instance that the center has lost stays known until the device has sent it again', async () => {
  using filled = await openFilled()
  const { database, removed } = filled
  database.run(
    "UPDATE delivery SET state = 'held', reason_code = 'CENTER_LOST' WHERE ulid = (SELECT min(ulid) FROM instance WHERE study_instance_uid = ?)",
    removed[0] ?? '',
  )
  await pruning(filled, 401)
  expect(filled.counts()).toMatchObject({ instance: 31, study: 2, manifest: 2 })
  expect(await pruning(filled, 4000)).toBe(0)
})

test('while a device waits for the answer about an instance its study is not forgotten, and later it is not known', async () => {
  using filled = await openFilled()
  const { queue, database, removed } = filled
  const asked = database.get<{ sopClassUid: string; sopInstanceUid: string }>(
    'SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid FROM instance WHERE study_instance_uid = ?',
    removed[0] ?? '',
  )
  const id = queue.commitments.record({
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    peerAddress: '::1',
    transactionUid: newUid(),
    references: asked === undefined ? [] : [asked],
  })
  const answer = async (waitedMs: number): Promise<number | undefined> => {
    const [reference] = await Array.fromAsync(queue.commitments.references(id ?? 0))
    const patience = { arrivalMs: 3_600_000, receiptMs: 3 * DAY_MS }
    return reference && decideCommitment(reference, waitedMs, patience)
  }
  await pruning(filled, 401)
  expect(await answer(0)).toBe(OUTCOME.Committed)
  queue.commitments.reported(id ?? 0, [])
  await pruning(filled, 900)
  // As for an instance that never came: the device keeps its copy, and may send it again.
  expect(await answer(0)).toBeUndefined()
  expect(await answer(DAY_MS)).toBe(OUTCOME.NoSuchObjectInstance)
})

test('once a newer manifest is receipted the older ones are not kept', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, [CENTER])
  using open = new DisposableStack()
  const database = open.adopt(Database.open(folder.join('queue.sqlite'), SCHEMA), (it) => it.close())
  const versions = () =>
    database.all<{ version: number }>('SELECT version FROM manifest').map(({ version }) => version)
  const study = newUid()
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: study }))
  const seen: number[][] = []
  for (let version = 1; version <= 3; version++) {
    closeByHand(queue, study, `digest ${version}`)
    seen.push(versions())
    const [manifest] = queue.studies.manifestsDue(CENTER)
    if (version !== 2)
      queue.studies.confirm(CENTER, manifest as never, BELIEVED, [], {
        keptFrom: 1,
        at: 1,
        pacs: 'none',
        pacsDueAt: 1,
      })
  }
  expect([...seen, versions()]).toEqual([[1], [1, 2], [1, 2, 3], [3]])
})
