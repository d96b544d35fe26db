import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { versionOf } from '../../../src/agent/queue/instance-version.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { Completeness } from '../../../src/agent/settle/completeness.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import type { SqlValue } from '../../../src/platform/sqlite-driver/sqlite-connection.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { fillIndex } from '../../support/instances/large-index.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CENTER = 'center'
const SCHEMA = join(import.meta.dirname, '../../../src/agent/queue/schema')
const failure = new Failure('CENTER_UNREACHABLE', 'asking: no answer')

/** Collects every statement that is run meanwhile. */
function recordingStatements(): Disposable & { statements: Map<string, SqlValue[]> } {
  const statements = new Map<string, SqlValue[]>()
  // oxlint-disable-next-line typescript/unbound-method -- each is called on the database that it was called on
  const { all, get, run } = Database.prototype
  Object.assign(Database.prototype, {
    all(this: Database, sql: string, ...values: SqlValue[]) {
      statements.set(sql, values)
      return all.call(this, sql, ...values)
    },
    get(this: Database, sql: string, ...values: SqlValue[]) {
      statements.set(sql, values)
      return get.call(this, sql, ...values)
    },
    run(this: Database, sql: string, ...values: SqlValue[]) {
      statements.set(sql, values)
      return run.call(this, sql, ...values)
    },
  })
  return { statements, [Symbol.dispose]: () => void Object.assign(Database.prototype, { all, get, run }) }
}

/** All that an agent does with its index from hour to hour. */
async function liveThroughADay(queue: Queue, study: string): Promise<void> {
  const { deliveries, studies, packs, receipted, retained, records, commitments, procedureSteps } = queue
  const { alarms, sightings, findings, display, damage, devices } = queue
  // Statements of the intake.
  const instance = await spoolInstance(queue.spool, { studyInstanceUid: study })
  await queue.acceptance.accept({ ...instance, observed: { findings: ['oddLength'] } })
  queue.index.countRepeat(versionOf(instance.envelope, instance.trailer))
  queue.index.copies(versionOf(instance.envelope, instance.trailer))
  // Statements of sending.
  const { ulid, sopInstanceUid, sopClassUid } = instance.envelope
  const { pack } = packs.formNext(CENTER, { bytes: 1e9, members: 1000 }, ['1.3'])?.header ?? {}
  for (const choice of ['priority', 'newest'] as const)
    packs.formNext(CENTER, { bytes: 1, members: 1 }, ['1.3'], choice)
  packs.postpone(CENTER, pack ?? '', failure, 0)
  packs.settle(CENTER, pack ?? '', [{ ulid, outcome: 'delivered' }])
  deliveries.nextDue(CENTER, ['1.3'])
  // Statements of settlement.
  for (const { studyInstanceUid: uid } of studies.readyToClose(CENTER)) {
    studies.countAfter(CENTER, uid, '', 10)
    studies.instancesAfter(CENTER, uid, '', 10)
    closeByHand(queue, uid, uid, uid)
  }
  for (const manifest of studies.manifestsDue(CENTER)) {
    studies.jwsOf(CENTER, manifest)
    studies.postpone(CENTER, manifest.studyInstanceUid, failure, 0)
    studies.confirm(CENTER, manifest, BELIEVED, [ulid], { keptFrom: 1, at: 1, pacs: 'none', pacsDueAt: 0 })
  }
  studies.nextDue(CENTER)
  // Statements of watched folders.
  const { folderLedger } = queue
  const file = { folder: 'endo', pathKey: Buffer.alloc(32), look: '1', bytes: 1 }
  folderLedger.keepBack(file, 'held', 'FILE_ZIP', 1)
  folderLedger.open('endo', 10)
  folderLedger.openUlids('endo')
  const [fileUlid] = folderLedger.taken([{ ...file, sha256: 'x', instances: [ulid] }], 1)
  if (fileUlid !== undefined) {
    folderLedger.looksNew(fileUlid, '2')
    folderLedger.isConfirmed(fileUlid)
    folderLedger.byUlid(fileUlid)
    folderLedger.seen([fileUlid], 2)
  }
  folderLedger.forgetUnseen('endo', 'taken', 1)
  folderLedger.counts('endo')
  folderLedger.forget(fileUlid === undefined ? [] : [fileUlid])
  queue.index.ulidsOf(versionOf(instance.envelope, instance.trailer))
  // Statements that watch, remove and forget.
  const [first] = receipted.list(CENTER, 10)
  receipted.list(CENTER, 10, first)
  const due = retained.due(Date.now(), 1000)
  retained.markRemoved(due.filter((_, i) => i % 2 === 0 || i > 10))
  retained.listed(due)
  retained.markRemoved(due)
  const removed = records.due(1)
  while (records.forgetSome(removed ?? '', 1, 10));
  damage.nextNeeded('')
  // Statements for the requests of devices.
  const id = commitments.record({
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    peerAddress: '::1',
    transactionUid: newUid(),
    references: [{ sopClassUid, sopInstanceUid }],
  })
  for (const { id: one } of commitments.due()) await Array.fromAsync(commitments.references(one))
  commitments.reported(id ?? 0, [{ position: 0, outcome: 0 }])
  commitments.forgetOne(0)
  const step = newUid()
  const said = { state: 'inProgress', modality: 'CT', studyInstanceUids: [study], series: [] } as never
  procedureSteps.create('CT1', step, said)
  procedureSteps.set('CT1', step, { ...(said as object), state: 'completed' } as never)
  const completeness = new Completeness({
    steps: procedureSteps,
    otherUids: () => [],
    patienceMs: 0,
    alarms,
    clock: systemClock,
    log: silentLog,
  })
  const stop = new AbortController()
  // One pass takes its statements; the task has no end of its own.
  setTimeout(() => stop.abort(), 50)
  await completeness.run(stop.signal)
  // Statements for the views of people.
  deliveries.counts(CENTER)
  deliveries.waitingBytes(CENTER)
  deliveries.unconfirmedBytes(CENTER)
  retained.total()
  deliveries.oldestUnconfirmed(CENTER)
  deliveries.unconfirmed(CENTER, 10)
  deliveries.ofStudy(CENTER, study)
  studies.counts(CENTER)
  studies.list(CENTER, 10)
  studies.get(CENTER, study)
  studies.evidence(CENTER, study)
  studies.evidencePart(CENTER, { studyInstanceUid: study, version: 1, part: 1 })
  studies.pacs(CENTER, study)
  findings.totals()
  findings.ofStudy(study)
  findings.countInStudy(study)
  findings.quarantined(CENTER, 10)
  display.get(study)
  display.timesShown()
  alarms.list()
  sightings.list()
  sightings.record({ callingAeTitle: 'CT1', calledAeTitle: 'FERRY', peerAddress: '::1' })
  devices.list()
  await commitments.list(10)
  await completeness.list(10)
  completeness.ofStudy(study)
}

/** Tables and indexes whose rows do not grow with what was ever here, or that a LIMIT ends in the order of the index. */
const MAY_BE_WALKED = [
  /^SCAN (json_each|study_total|delivery_total|retained_total|alarm|doubtful_file|device_sighting|device_record|sighting|own_center|retention_time|finding_total|names_shown)\b/,
  /^SEARCH (study_total|delivery_total|receipt_end|retention_time) /,
  /^SCAN \(subquery-\d+\)$/,
  /INDEX (delivery_unconfirmed|commitment_open|procedure_step_waiting|procedure_step_listed|study_due|study_by_arrival|delivery_quarantined|commitment_closed)\b/,
]

/** Steps of a statement's plan that go through all rows, or all of a destination, of a table that grows. */
function walksOf(database: Database, sql: string, values: readonly SqlValue[] = []): string[] {
  const steps = database
    .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
    .map(({ detail }) => detail)
  const inMemory = new Set(steps.flatMap((step) => /^CO-ROUTINE (\w+)$/.exec(step)?.[1] ?? []))
  return steps
    .filter((step) => step.startsWith('SCAN ') || /^SEARCH .*\(destination=\?\)/.test(step))
    .filter((step) => !MAY_BE_WALKED.some((allowed) => allowed.test(step)))
    .filter((step) => !inMemory.has(step.replace('SCAN ', '')))
}

async function openFilled() {
  const stack = new DisposableStack()
  const folder = stack.use(tempFolder())
  const queue = stack.use(await openQueue(folder.path, systemClock, [CENTER]))
  const path = folder.join('queue.sqlite')
  const database = stack.adopt(Database.open(path, SCHEMA), (it) => it.close())
  const large = { instances: 400, perStudy: 20, untilMs: Date.now() - 1000, statementBytes: 100 }
  Array.from(fillIndex(database, large))
  return { queue, database, [Symbol.dispose]: () => stack.dispose() }
}

test('nothing that an agent does from hour to hour goes through all that was ever here', async () => {
  using filled = await openFilled()
  using recording = recordingStatements()
  await liveThroughADay(filled.queue, newUid())
  const statements = Array.from(recording.statements)
  expect(statements.length).toBeGreaterThan(80)
  // The day reached its end: a study was forgotten.
  expect(statements.some(([sql]) => sql.startsWith('DELETE FROM failed_request'))).toBe(true)
  const walks = statements.map(([sql, values]) => ({ sql, walks: walksOf(filled.database, sql, values) }))
  expect(walks.filter(({ walks: found }) => found.length > 0)).toEqual([])
})

test.each([
  "SELECT ulid FROM instance i INDEXED BY instance_present WHERE removed_at IS NULL AND segment IS NULL AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.ulid = i.ulid AND d.state <> 'confirmed')",
  "SELECT state, count(*) FROM study WHERE destination = 'center' GROUP BY state",
  "SELECT * FROM study WHERE destination = 'center' ORDER BY first_arrived_at DESC LIMIT 10",
  "SELECT s.* FROM study s JOIN manifest m USING (destination, study_instance_uid, version) WHERE s.destination = 'center' AND m.pacs = 'waiting'",
  'SELECT * FROM commitment c LEFT JOIN commitment_reference r ON r.commitment = c.id GROUP BY c.id',
])('control: the same check finds the walk of %s', async (sql) => {
  using filled = await openFilled()
  expect(walksOf(filled.database, sql)).not.toEqual([])
})
