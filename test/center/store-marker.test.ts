import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { openStore } from '../../src/center/store/open-store.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { StoreClinic } from '../support/centers/store-clinic.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { newUid, packOf, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

const BUSY = { status: 503, json: { code: 'CENTER_BUSY' } }

test('while the disk of the store is not there nothing is receipted, opened or lost, and it goes on by itself', async () => {
  const log = new RecordingLog()
  const clock = new ManualClock()
  await using clinic = await StoreClinic.delivered(3, { log, clock })
  const { agent } = clinic
  const { jws } = clinic.manifest()
  const late = spoolFile({ recipients: clinic.recipients })
  const waiting = packOf([late])
  const location = String((await agent.create(waiting)).headers.location)

  clinic.unmount()

  expect(await clinic.post(jws)).toMatchObject(BUSY)
  expect(await agent.create(packOf([late]))).toMatchObject(BUSY)
  expect((await agent.patch(location, 0, waiting.bytes)).status).toBe(204)
  expect(await agent.ask('GET', `${location}/answer`)).toMatchObject(BUSY)
  expect(await clinic.losses()).toBeNull()
  clock.advance(3_600_000)
  expect(await clinic.post(jws)).toMatchObject(BUSY)
  expect(await clinic.center.desk.status()).toMatchObject({ lost: 0, packsUnderWay: 1 })
  expect(readdirSync(clinic.store)).toEqual([])
  const missing = log.of('error').filter(({ fields }) => fields['code'] === 'STORE_MISSING')
  // The front logs each request that it cannot serve; the store itself is named once.
  expect(missing.filter(({ message }) => message.startsWith('the instance store'))).toHaveLength(1)

  clinic.mount()

  expect((await clinic.post(jws)).json).toHaveProperty('receipt')
  await until(
    async () => {
      clock.advance(10_000)
      return (await clinic.center.desk.status()).packsUnderWay
    },
    (packs) => packs === 0,
  )
  expect(await agent.answered(location)).toMatchObject({ members: [{ state: 'stored' }] })
  expect(await clinic.losses()).toBe(0)
})

test('another disk in the place of the store is not taken for it, though it has a marker of its own', async () => {
  await using clinic = await StoreClinic.delivered(1)
  clinic.unmount()
  writeFileSync(join(clinic.store, 'ferry-store'), `ferry-store/1 ${'0'.repeat(32)}\n`)
  expect(await clinic.post(clinic.manifest().jws)).toMatchObject(BUSY)
  expect(await clinic.center.desk.lost(1)).toEqual([])
})

test('a center does not start without its store, and says what was found, what is expected, and what to do', async () => {
  await using clinic = await StoreClinic.delivered(1)
  await clinic.center.close()
  clinic.unmount()
  const refusal = {
    code: 'STORE_MISSING',
    message: expect.stringMatching(
      /has no marker .* where [0-9a-f]{8} is expected: mount the right disk; .*store accept/,
    ),
  }
  await expect(clinic.center.open()).rejects.toMatchObject(refusal)
  rmSync(clinic.store, { recursive: true })
  await expect(clinic.center.open()).rejects.toMatchObject(refusal)
  mkdirSync(clinic.store)
  clinic.mount()
  await clinic.center.open()
  expect((await clinic.post(clinic.manifest().jws)).json).toHaveProperty('receipt')
})

test('an operator accepts a replaced disk, with the center running or not; what it lacks is then lost, and is taken again', async () => {
  const clock = new ManualClock()
  await using clinic = await StoreClinic.delivered(3, { clock })
  const { desk } = clinic.center
  expect(await desk.storeFacts()).toMatchObject({ listed: 3, isKnown: true })
  // The copy on the new disk lacks one file and the marker.
  clinic.unmount()
  const study = clinic.file(0).envelope.studyInstanceUid
  renameSync(join(`${clinic.store}.away`, study), join(clinic.store, study))
  rmSync(clinic.path(2))
  expect(await desk.storeFacts()).toMatchObject({ listed: 3, studyFolders: 1, isKnown: false })
  expect(await clinic.post(clinic.manifest().jws)).toMatchObject(BUSY)

  await desk.acceptStore()

  await until(
    async () => {
      clock.advance(10_000)
      return desk.lost(10)
    },
    (lost) => lost.length === 1,
  )
  expect((await clinic.post(clinic.manifest().jws)).json).toEqual({ missing: [clinic.file(2).envelope.ulid] })
  await clinic.agent.deliver(packOf([clinic.file(2)]))
  expect((await clinic.post(clinic.manifest().jws)).json).toHaveProperty('receipt')

  await clinic.center.close()
  rmSync(clinic.store, { recursive: true })
  await desk.acceptStore()
  await clinic.center.open()
  await until(
    async () => {
      clock.advance(10_000)
      return desk.lost(10)
    },
    (lost) => lost.length === 3,
  )
})

test('a crash between the marker and the register leaves a store that the next start takes over', async () => {
  using folder = tempFolder()
  const first = openRegister(folder.path)
  await openStore(folder.path, first, 0)
  const text = readFileSync(folder.join('instances/ferry-store'), 'utf8')
  first.close()
  rmSync(folder.join('register.sqlite'))

  const second = openRegister(folder.path)
  const store = await openStore(folder.path, second, 0)
  expect([await store.id(), readFileSync(folder.join('instances/ferry-store'), 'utf8')]).toEqual([
    await second.marker.id(),
    text,
  ])
  second.close()
})

test.each(['', 'ferry-store/1 ', 'ferry-store/2 00000000000000000000000000000000\n', '\0'.repeat(46)])(
  'a marker that does not read (%j) counts as absent',
  async (text) => {
    await using clinic = await StoreClinic.delivered(1)
    writeFileSync(join(clinic.store, 'ferry-store'), text)
    expect(await clinic.post(clinic.manifest().jws)).toMatchObject(BUSY)
    expect((await clinic.agent.ask('GET', CENTER_PATHS.agent)).json).toMatchObject({ losses: null })
    expect(newUid()).not.toBe('')
  },
)
