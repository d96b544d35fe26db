import { copyFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { Random } from '../../support/random.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const SCHEMA = resolve('src/agent/queue/schema')
const LIMITS = { bytes: 1_000_000, members: 3 }
const STEPS = 150

/** Counted row by row: what the totals have to say. */
const COUNTED = `
  SELECT d.state, count(*) AS instances, sum(i.sealed_bytes) AS bytes FROM delivery d JOIN instance i USING (ulid)
  WHERE d.destination = 'center' GROUP BY d.state ORDER BY d.state`
const TOTALS = `
  SELECT state, instances, bytes FROM delivery_total WHERE destination = 'center' AND instances > 0 ORDER BY state`

async function accept(queue: Queue, studyInstanceUid: string): Promise<void> {
  const instance = await spoolInstance(queue.spool, { studyInstanceUid, dataSet: Buffer.from(newUid()) })
  await queue.acceptance.accept(instance)
}

/** Takes one step of an instance's life, whatever state it is in. */
async function step(queue: Queue, random: Random): Promise<void> {
  const { packs, studies, deliveries, damage, index, receipted } = queue
  const study = `1.${random.between(1, 3)}`
  const failure = new Failure('INSTANCE_REFUSED', 'no')
  const some = deliveries.ofStudy('center', study).map(({ ulid }) => ulid)
  const [one] = some
  switch (random.between(0, 9)) {
    case 0:
    case 1:
    case 2:
      return accept(queue, study)
    case 3:
      return void packs.formNext('center', LIMITS)
    case 4: {
      const header = packs.unfinished('center')[0]?.header
      const outcomes = (['delivered', 'again', 'held'] as const).map((outcome) => ({ outcome, failure }))
      const settled = header?.members.map(({ ulid }, i) => ({
        ulid,
        ...(outcomes[i] ?? { outcome: 'delivered' as const }),
      }))
      return packs.settle('center', header?.pack ?? '', settled ?? [])
    }
    case 5: {
      const manifest = { studyInstanceUid: study, version: 1, digest: '', part: 1, attempts: 0, pacs: null }
      studies.confirm('center', manifest, BELIEVED, some, { at: 1, keptFrom: 1, pacs: 'none', pacsDueAt: 1 })
      return undefined
    }
    case 6:
      receipted.sendAgain('center', study, some, { failure, nextAttemptAt: 0, lost: failure })
      return undefined
    case 7:
      return void deliveries.retry('center', study)
    case 8:
      if (one !== undefined)
        damage.record([{ ulid: one, failure: new Failure('SPOOL_FILE_MISSING', 'gone') }])
      return undefined
    default:
      if (one !== undefined) index.askFirst(one)
      else index.askFirstAfter('', 1000)
      return undefined
  }
}

test('the totals that a status shows are those of the rows, whatever became of the instances', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center', 'elsewhere'])
  using open = new DisposableStack()
  const database = open.adopt(Database.open(folder.join('queue.sqlite'), SCHEMA), (it) => it.close())
  const random = Random.fromEnvironment()
  const seen = new Set<string>()
  const states = ['confirmed', 'delivered', 'held', 'queued', 'sending']
  // States that chance has not brought about yet are given more time.
  for (let i = 0; i < STEPS || (seen.size < states.length && i < 10 * STEPS); i++) {
    await step(queue, random)
    const counted = database.all<{ state: string }>(COUNTED)
    for (const { state } of counted) seen.add(state)
    expect({ seed: random.seed, i, totals: database.all(TOTALS) }).toEqual({
      seed: random.seed,
      i,
      totals: counted,
    })
  }
  expect(Array.from(seen).toSorted()).toEqual(states)
}, 120_000)

const INSERT_DELIVERY = `
  INSERT INTO delivery (ulid, destination, study_instance_uid, state, changed_at) VALUES (?, 'center', '1.2', ?, 0)`

test('a filled database of the first version gets its totals when it is opened', async () => {
  using folder = tempFolder()
  mkdirSync(folder.join('first'))
  copyFileSync(join(SCHEMA, '01-queue.sql'), folder.join('first', '01-queue.sql'))
  const path = folder.join('queue.sqlite')
  const first = Database.open(path, folder.join('first'))
  for (let i = 0; i < 9; i++) {
    const values = [`${i}`, i, 'main', 'CT1', '1', `1.${i}`, '1.2', '1.3', '1.4', 1, 'a', 10 * i, 'b']
    first.run(`INSERT INTO instance VALUES (${'?, '.repeat(13)}0, 0, NULL)`, ...values)
    const state = i < 3 ? 'queued' : i < 5 ? 'held' : 'confirmed'
    first.run(INSERT_DELIVERY, `${i}`, state)
  }
  first.close()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  expect(queue.deliveries.counts('center')).toEqual({
    queued: 3,
    sending: 0,
    delivered: 0,
    confirmed: 4,
    held: 2,
  })
  expect(queue.deliveries.waitingBytes('center')).toBe(100)
  expect(queue.deliveries.oldestUnconfirmed('center')).toBe(0)
})
