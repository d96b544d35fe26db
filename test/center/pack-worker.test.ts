import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { DiskSpace } from '../../src/center/disk/disk-space.ts'
import { pacsTerms } from '../../src/center/hand-on/pacs-terms.ts'
import { PackWorker } from '../../src/center/opening/pack-worker.ts'
import type { Register, Settled } from '../../src/center/register/register.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { openStore } from '../../src/center/store/open-store.ts'
import { PackStore } from '../../src/center/store/pack-store.ts'
import { Failure } from '../../src/platform/failure.ts'
import { silentLog } from '../../src/platform/log.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { encodePackHeader } from '../../src/protocol/pack.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { storeParts } from '../support/centers/store-parts.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { sealInstance, testIdentity } from '../support/instances/sealed-instance.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SCHEMA = join(import.meta.dirname, '../../src/center/register/sqlite/schema')
const FAILURES = 3

/** A register whose commits of packs fail a few times, as on a full disk. */
function failingRegister(folder: string): Register & { failures: number } {
  const register = openRegister(folder)
  const { instances } = register
  const failing = {
    ...register,
    failures: 0,
    instances: {
      find: instances.find.bind(instances),
      names: instances.names.bind(instances),
      holding: instances.holding.bind(instances),
      studies: instances.studies.bind(instances),
      count: instances.count.bind(instances),
      conflictsHeldFromPacs: instances.conflictsHeldFromPacs.bind(instances),
      held: instances.held.bind(instances),
      release: instances.release.bind(instances),
      settle: async (...args: Parameters<typeof instances.settle>): Promise<Settled> => {
        if (failing.failures === FAILURES) return instances.settle(...args)
        failing.failures++
        throw new Failure('STORAGE_FULL', 'no room for the register')
      },
    },
  }
  return failing
}

test('a pack that cannot be entered yet is not stored once more with every attempt', async () => {
  using folder = tempFolder()
  const register = failingRegister(folder.path)
  const database = Database.open(folder.join('register.sqlite'), SCHEMA)
  database.run(
    `INSERT INTO agents (kid, public_key, name, own_name, state, joined_at) VALUES ('a', x'00', '', '', 'approved', 0)`,
  )
  database.close()
  const packs = await PackStore.open(folder.join('packs'))
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  // Unreadable from its first byte on, so that its envelope may say anything.
  const { bytes, envelope } = sealInstance({ dataSet: Buffer.alloc(1000, 0xff) })
  const uploadId = newUlid(clock.now())
  const header = {
    pack: newUlid(clock.now()),
    study: envelope.studyInstanceUid,
    members: [{ ulid: envelope.ulid, bytes: bytes.length }],
  }
  const pack = Buffer.concat([encodePackHeader(header), bytes])
  await register.packs.create({
    uploadId,
    agent: 'a',
    pack: header.pack,
    bytes: pack.length,
    createdAt: clock.now(),
  })
  writeFileSync(folder.join('packs', uploadId), pack)

  const worker = new PackWorker({
    identities: [parseIdentity(testIdentity.identity)],
    ...storeParts(await openStore(folder.path, register, clock.now()), register, clock),
    register,
    packs,
    space: new DiskSpace({ folder: folder.path, reserveBytes: 0, missingBallastBytes: () => 0 }),
    clock,
    log,
    pacs: pacsTerms(undefined),
    onStored: () => {},
    onAnswered: () => {},
  })
  worker.add(uploadId, 'a')
  await until(
    async () => {
      clock.advance(60_000)
      return (await register.packs.find(uploadId))?.answer ?? null
    },
    (answer) => answer !== null,
  )
  await worker.close()

  expect(register.failures).toBe(FAILURES)
  expect(log.of('warn')[0]).toMatchObject({
    fields: { code: 'STORAGE_FULL', reason: 'no room for the register' },
  })
  expect(await register.instances.count()).toMatchObject({ instances: 1 })
  const files = readdirSync(folder.join('instances'), { recursive: true, encoding: 'utf8' })
  expect(files.filter((file) => file.endsWith('.dcm'))).toHaveLength(1)
  register.close()
})

test('packs of an agent that brings many do not delay the pack of another', async () => {
  using folder = tempFolder()
  const register = openRegister(folder.path)
  const packs = await PackStore.open(folder.join('packs'))
  const clock = new ManualClock()
  const answered: string[] = []
  const worker = new PackWorker({
    identities: [parseIdentity(testIdentity.identity)],
    ...storeParts(await openStore(folder.path, register, clock.now()), register, clock),
    register,
    packs,
    space: new DiskSpace({ folder: folder.path, reserveBytes: 0, missingBallastBytes: () => 0 }),
    clock,
    log: silentLog,
    pacs: pacsTerms(undefined),
    onStored: () => {},
    onAnswered: (_, agent) => answered.push(agent),
  })

  for (let i = 0; i < 20; i++) worker.add(newUlid(i), 'flooding')
  worker.add(newUlid(100), 'other')
  await until(
    () => answered.length,
    (length) => length === 21,
  )
  await worker.close()

  // Two places are the flooding agent's at most, so the third is free when the other comes.
  expect(answered.indexOf('other')).toBeLessThan(3)
  register.close()
})
