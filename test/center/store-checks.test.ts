import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from '@jest/globals'
import { readIdentity } from '../../src/center/keys/center-identity.ts'
import { openPack } from '../../src/center/opening/open-pack.ts'
import { answerManifest } from '../../src/center/receipts/receipts.ts'
import { PackStore } from '../../src/center/store/pack-store.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { CENTER_PATHS, type ManifestAnswer } from '../../src/protocol/center-api.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { DAMAGES, flipByte, StoreClinic } from '../support/centers/store-clinic.ts'
import { storeParts, TrustingStore } from '../support/centers/store-parts.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { newUid, packOf, sha256, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { StowStub, stowModule } from '../support/peers/stow-stub.ts'
import { RecordingLog } from '../support/recording-log.ts'

test.each(Object.entries(DAMAGES))(
  'no receipt, new or repeated, lists an instance whose file %s; it is missing, and lost',
  async (_, damage) => {
    await using clinic = await StoreClinic.delivered(3)
    const first = clinic.manifest()
    expect((await clinic.post(first.jws)).json).toHaveProperty('receipt')

    damage(clinic.path(1))

    const missing = { missing: [clinic.file(1).envelope.ulid] }
    expect((await clinic.post(first.jws)).json).toEqual(missing)
    expect((await clinic.post(clinic.manifest(clinic.files, clinic.agent, '2027-01-01').jws)).json).toEqual(
      missing,
    )
    expect((await clinic.post(clinic.manifest([clinic.file(0), clinic.file(2)]).jws)).json).toHaveProperty(
      'receipt',
    )
    expect(await clinic.center.desk.lost(10)).toMatchObject([
      {
        studyInstanceUid: clinic.file(1).envelope.studyInstanceUid,
        sopInstanceUid: clinic.file(1).envelope.sopInstanceUid,
        agents: 'North Street CHC',
      },
    ])
  },
)

test('with a store that does not look at its files the same question gets a false receipt: the test above can fail', async () => {
  await using clinic = await StoreClinic.delivered(3)
  DAMAGES['is gone']?.(clinic.path(1))

  const ask = (makeStore: typeof TrustingStore | undefined): Promise<ManifestAnswer> =>
    clinic.register(async (register) => {
      const store = new (
        makeStore ?? (await import('../../src/center/store/file-instance-store.ts')).FileInstanceStore
      )(clinic.store)
      const { keys } = await readIdentity(clinic.center.folder, Date.now())
      const agent = await register.agents.find(clinic.agent.key.kid)
      if (agent === undefined) throw new Error('not enrolled')
      const parts = storeParts(store, register, systemClock)
      const ring = { center: keys.root.kid, receiptKeys: keys.receipt }
      const means = { ...parts, register, clock: systemClock, ring }
      return answerManifest(means, agent, clinic.manifest().jws)
    })

  expect(await ask(TrustingStore)).toHaveProperty('receipt')
  expect(await ask(undefined)).toEqual({ missing: [clinic.file(1).envelope.ulid] })
})

test.each(Object.entries(DAMAGES))(
  'an instance whose file %s is written again when any clinic sends it, and both clinics can have it receipted',
  async (_, damage) => {
    const log = new RecordingLog()
    await using clinic = await StoreClinic.delivered(2, { log })
    await clinic.post(clinic.manifest().jws)
    const other = await clinic.center.enrol('South Street CHC')
    damage(clinic.path(0))

    // The same data set, sealed by another agent.
    const { envelope, part10 } = clinic.file(0)
    const again = spoolFile({
      recipients: clinic.recipients,
      envelope: { ...envelope, ulid: newUlid(Date.now()) },
      dataSet: part10.subarray(envelope.part10HeaderBytes),
    })
    expect(await other.deliver(packOf([again]))).toMatchObject({ members: [{ state: 'stored' }] })

    expect(await clinic.isWhole(0)).toBe(true)
    expect(await clinic.center.desk.lost(10)).toEqual([])
    expect((await clinic.post(clinic.manifest([again], other).jws, other)).json).toHaveProperty('receipt')
    expect((await clinic.post(clinic.manifest().jws)).json).toHaveProperty('receipt')
    expect(log.lines.map(({ message }) => message)).toContain('a lost instance was brought again')
  },
)

test('with a store that does not look at its files "stored" is said of a file that is not there: the test above can fail', async () => {
  await using clinic = await StoreClinic.delivered(1)
  DAMAGES['is gone']?.(clinic.path(0))
  const pack = packOf([clinic.file(0)])
  const packs = await PackStore.open(`${clinic.center.folder}/tried`)
  const handle = await packs.openToWrite('pack')
  await handle.writeFile(pack.bytes)
  await handle.close()
  await using reading = await packs.openToRead('pack')

  const opened = await clinic.register(async (register) => {
    const { keys } = await readIdentity(clinic.center.folder, Date.now())
    const parts = storeParts(new TrustingStore(clinic.store), register, systemClock)
    const row = { uploadId: 'u', agent: clinic.agent.key.kid, pack: pack.pack, createdAt: 0, answer: null }
    const means = { ...parts, register, identities: keys.seal }
    return openPack({ ...row, bytes: pack.bytes.length }, reading, means, new AbortController().signal)
  })

  expect(opened.answers).toMatchObject([{ state: 'stored' }])
  expect(existsSync(clinic.path(0))).toBe(false)
})

test('a damaged file is kept: the instance gets a new one beside it, and the log says where both are', async () => {
  const log = new RecordingLog()
  await using clinic = await StoreClinic.delivered(2, { log })
  DAMAGES['is cut off']?.(clinic.path(0))
  DAMAGES['is longer than it was']?.(clinic.path(1))
  const damaged = [0, 1].map((index) => sha256(readFileSync(clinic.path(index))))

  await clinic.agent.deliver(packOf(clinic.files))

  expect([await clinic.isWhole(0), await clinic.isWhole(1)]).toEqual([true, true])
  expect([0, 1].map((index) => sha256(readFileSync(clinic.path(index))))).toEqual(damaged)
  for (const [index, { envelope }] of clinic.files.entries())
    expect(readdirSync(dirname(clinic.path(index)))).toContain(
      `${envelope.sopInstanceUid}~${envelope.ulid}.dcm`,
    )
  const told = log.of('warn').map(({ fields }) => String(fields['damagedFile']))
  expect(told.toSorted()).toEqual([0, 1].map((i) => clinic.path(i).slice(clinic.store.length + 1)).toSorted())
  expect((await clinic.center.desk.status()).damagedFiles).toBe(2)
})

test('an agent learns that there were losses, which receipts no longer hold, and that it ends with the next manifest', async () => {
  await using clinic = await StoreClinic.delivered(3)
  const other = await clinic.center.enrol('South Street CHC')
  const first = clinic.manifest()
  await clinic.post(first.jws)
  expect([await clinic.losses(), await clinic.losses(other)]).toEqual([0, 0])
  expect(await clinic.unknown([first.digest])).toEqual({ unknown: [] })

  DAMAGES['is gone']?.(clinic.path(1))
  await clinic.post(first.jws)
  expect([await clinic.losses(), await clinic.losses(other)]).toEqual([1, 0])
  expect(await clinic.unknown([first.digest])).toEqual({ unknown: [first.digest] })

  const without = clinic.manifest([clinic.file(0), clinic.file(2)])
  expect((await clinic.post(without.jws)).json).toHaveProperty('receipt')
  expect(await clinic.unknown([without.digest])).toEqual({ unknown: [] })
  expect(await clinic.losses()).toBe(1)

  await clinic.agent.deliver(packOf([clinic.file(1)]))
  expect(await clinic.unknown([first.digest, without.digest])).toEqual({ unknown: [] })
  expect(await clinic.losses()).toBe(2)
})

test('an agent that has a receipt without having brought the instance hears of the loss as well', async () => {
  await using clinic = await StoreClinic.delivered(1)
  const other = await clinic.center.enrol('South Street CHC')
  const theirs = clinic.manifest(clinic.files, other)
  expect((await clinic.post(theirs.jws, other)).json).toHaveProperty('receipt')

  DAMAGES['is gone']?.(clinic.path(0))
  await clinic.post(clinic.manifest().jws)

  expect(await clinic.losses(other)).toBe(1)
  expect(await clinic.unknown([theirs.digest], other)).toEqual({ unknown: [theirs.digest] })
})

test('a PACS never gets a lost instance, nor the whole of one that has changed, and gets it once it was sent again', async () => {
  let isAway = true
  await using pacs = await StowStub.start(({ files }) =>
    isAway ? { status: 503 } : { status: 200, body: stowModule(files.map((file) => uidOf(file))) },
  )
  const clock = new ManualClock()
  await using clinic = await StoreClinic.delivered(3, { clock, pacs: { url: pacs.url, timeoutMs: 1e9 } })
  await pacs.received(1)
  DAMAGES['is gone']?.(clinic.path(0))
  flipByte(clinic.path(1))
  isAway = false
  pacs.requests.length = 0
  const accepted = async (count: number): Promise<void> => {
    await until(
      async () => {
        clock.advance(30_000)
        return clinic.center.desk.studies(3650, 10)
      },
      ([study]) => study?.pacsAccepted === count,
    )
  }

  await accepted(1)
  await until(
    async () => {
      clock.advance(30_000)
      return clinic.center.desk.lost(10)
    },
    (lost) => lost.length === 2,
  )
  const whole = (): string[] => pacs.requests.flatMap(({ files }) => files.map(sha256))
  expect(new Set(whole())).toEqual(new Set([sha256(clinic.file(2).part10)]))

  await clinic.agent.deliver(packOf([clinic.file(0), clinic.file(1)]))
  await accepted(3)
  expect(new Set(whole())).toEqual(new Set(clinic.files.map(({ part10 }) => sha256(part10))))
})

test('a study of 5,000 instances is looked at within seconds, and nothing else waits for it', async () => {
  await using clinic = await StoreClinic.delivered(1)
  const rows = Array.from({ length: 5000 }, (_, i) => ({ id: i + 1, file: `${newUid()}.dcm`, fileBytes: 1 }))
  const { longestMs, tookMs } = await clinic.register(async (register) => {
    const { files } = storeParts(new TrustingStore(clinic.store), register, systemClock)
    const started = performance.now()
    let last = started
    let gapMs = 0
    const beat = setInterval(() => {
      gapMs = Math.max(gapMs, performance.now() - last)
      last = performance.now()
    }, 1)
    await files.lost(rows)
    clearInterval(beat)
    return { longestMs: gapMs, tookMs: performance.now() - started }
  })
  expect(tookMs).toBeLessThan(30_000)
  expect(longestMs).toBeLessThan(2_000)
})

test('a manifest is answered as busy, and nothing is lost, if the disk does not say whether a file is there', async () => {
  await using clinic = await StoreClinic.delivered(1)
  const failing = new (class extends TrustingStore {
    override async fault(): Promise<never> {
      throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
  })(clinic.store)
  await clinic.register(async (register) => {
    const { files } = storeParts(failing, register, systemClock)
    await expect(files.lost([{ id: 1, file: 'x', fileBytes: 1 }])).rejects.toThrow('EIO')
  })
  expect(await clinic.center.desk.lost(10)).toEqual([])
  expect((await clinic.agent.ask('GET', CENTER_PATHS.agent)).status).toBe(200)
})

function uidOf(file: Buffer): string {
  const at = file.indexOf(Buffer.from([0x08, 0x00, 0x18, 0x00, 0x55, 0x49]))
  return file.toString('latin1', at + 8, at + 8 + file.readUInt16LE(at + 6)).replace('\0', '')
}
