import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from '@jest/globals'
import {
  addRecoveryKey,
  announceCertificate,
  listKeys,
  raiseListVersion,
  revokeKey,
  rotateKey,
} from '../../src/center/keys/change-keys.ts'
import { newTlsCertificate, tlsPin } from '../../src/center/keys/tls-certificate.ts'
import { agentAnswerSchema, CENTER_PATHS, manifestAnswerSchema } from '../../src/protocol/center-api.ts'
import { claimedKid } from '../../src/protocol/jws.ts'
import { type KeyList, verifyKeyList } from '../../src/protocol/key-list.ts'
import { signManifest } from '../../src/protocol/manifest.ts'
import { pinServerName } from '../../src/protocol/pin-name.ts'
import { fingerprint } from '../../src/protocol/signing-key.ts'
import { SUITE } from '../../src/protocol/spool-file.ts'
import { type EnrolledAgent, pinOf, RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { listed, packOf, spoolFile } from '../support/instances/spool-file-fixture.ts'

const URL = 'https://127.0.0.1:8443'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The running center looks into its keys folder this often. */
const LOOK_MS = 10_000
const STUDY = '1.2.3.4'

/** A center on a clock that a test moves, with one agent. */
class Story implements AsyncDisposable {
  readonly center: RunningCenter
  readonly agent: EnrolledAgent
  readonly clock: ManualClock

  private constructor(center: RunningCenter, agent: EnrolledAgent, clock: ManualClock) {
    this.center = center
    this.agent = agent
    this.clock = clock
  }

  static async begin(startMs?: number): Promise<Story> {
    const clock = new ManualClock(startMs)
    const center = await RunningCenter.start({ clock })
    return new Story(center, await center.enrol(), clock)
  }

  get change(): { folder: string; nowMs: number } {
    return { folder: this.center.folder, nowMs: this.clock.now() }
  }

  async list(): Promise<KeyList> {
    const { keys } = agentAnswerSchema.parse((await this.agent.ask('GET', CENTER_PATHS.agent)).json)
    return verifyKeyList(keys ?? { rootKey: '', jws: '' }, this.center.made.center)
  }

  /** The first list that is as it should be; the center looks again meanwhile. */
  listOnce(isDone: (list: KeyList) => boolean): Promise<KeyList> {
    return until(async () => {
      this.clock.advance(LOOK_MS)
      return this.list()
    }, isDone)
  }

  rotate(kind: 'receipt' | 'seal' | 'tls', afterMs = DAY_MS) {
    return rotateKey(this.change, kind, this.clock.now() + afterMs, URL)
  }

  /** A new instance, sealed to these, delivered and receipted; returns the receipt and its manifest. */
  async receipt(recipients: readonly string[]): Promise<{ receipt: string; manifest: string }> {
    const file = spoolFile({ recipients, envelope: { studyInstanceUid: STUDY } })
    const answer = await this.agent.deliver(packOf([file]))
    const isStored = answer.state === 'answered' && answer.members.every(({ state }) => state === 'stored')
    if (!isStored) throw new Error(`the center did not open it: ${JSON.stringify(answer)}`)
    const { jws } = signManifest(
      {
        format: 'ferry-manifest/3',
        suite: SUITE,
        agent: this.agent.key.kid,
        study: STUDY,
        version: 1,
        part: 1,
        parts: 1,
        previous: null,
        createdAt: new Date(this.clock.now()).toISOString(),
        heldCount: 0,
        instances: [listed(file)],
      },
      this.agent.key,
    )
    return { receipt: await this.receiptFor(jws), manifest: jws }
  }

  async receiptFor(manifest: string): Promise<string> {
    const answer = await this.agent.ask('POST', CENTER_PATHS.manifests, { body: manifest })
    const receipt = manifestAnswerSchema.parse(answer.json)
    if (!('receipt' in receipt)) throw new Error('the center lacks what it had stored')
    return receipt.receipt
  }

  backUp(): void {
    cpSync(this.center.folder, `${this.center.folder}-backup`, { recursive: true })
  }

  putBack(name: 'keys' | 'register.sqlite'): void {
    // A write-ahead log that stayed would bring everything back.
    const names = name === 'keys' ? [name] : [name, `${name}-wal`, `${name}-shm`]
    for (const one of names) {
      rmSync(join(this.center.folder, one), { recursive: true, force: true })
      const saved = join(`${this.center.folder}-backup`, one)
      if (existsSync(saved)) cpSync(saved, join(this.center.folder, one), { recursive: true })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
  }
}

const kidsOf = ({ sign }: KeyList): string[] => sign.map((key) => fingerprint(Buffer.from(key, 'base64url')))
const centerRecipients = ({ seal }: KeyList): string[] =>
  seal.filter(({ role }) => role === 'center').map(({ recipient }) => recipient)

/** Returns the pin that is shown to a client that asks by this server name. */
async function shownPin(port: number, servername?: string): Promise<string> {
  const at = { host: '127.0.0.1', port, rejectUnauthorized: false }
  const socket = connect(servername === undefined ? at : { ...at, servername })
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  const pin = pinOf(socket)
  socket.destroy()
  return pin
}

test('a receipt key is in the key list a day before it signs, without a restart, and the old one stays believed', async () => {
  await using story = await Story.begin()
  const before = await story.list()
  const [old = ''] = kidsOf(before)
  const made = await story.rotate('receipt')

  const announced = await story.listOnce((list) => list.sign.length === 2)
  const first = await story.receipt(announced.seal.map(({ recipient }) => recipient))
  story.clock.advance(DAY_MS)
  const later = await until(
    async () => {
      story.clock.advance(LOOK_MS)
      return (await story.receipt(announced.seal.map(({ recipient }) => recipient))).receipt
    },
    (receipt) => claimedKid(receipt) !== claimedKid(first.receipt),
  )

  expect(claimedKid(first.receipt)).toBe(old)
  expect(claimedKid(later)).toBe(made.id)
  expect(kidsOf(await story.list()).toSorted()).toEqual([old, made.id].toSorted())
  // The old receipt is good, so it is given again.
  expect(await story.receiptFor(first.manifest)).toBe(first.receipt)
  expect(announced.version).toBeGreaterThan(before.version)
})

test('a receipt by a key that was revoked is replaced by a new one, and the center answers', async () => {
  await using story = await Story.begin()
  const { seal, sign } = await story.list()
  const first = await story.receipt(seal.map(({ recipient }) => recipient))
  const made = await story.rotate('receipt', 0)
  await revokeKey(story.change, claimedKid(first.receipt).slice(0, 12))

  const list = await story.listOnce((one) => !one.sign.some((key) => sign.includes(key)))
  const second = await story.receiptFor(first.manifest)

  expect(kidsOf(list)).toEqual([made.id])
  expect(claimedKid(second)).toBe(made.id)
})

test('a key in use cannot be revoked before there is another one to use', async () => {
  await using story = await Story.begin()
  const [old = ''] = kidsOf(await story.list())
  await story.rotate('receipt')

  await expect(revokeKey(story.change, old)).rejects.toMatchObject({ code: 'KEY_NEEDED' })
  await expect(revokeKey(story.change, old.slice(0, 7))).rejects.toMatchObject({ code: 'USAGE' })
  await expect(revokeKey(story.change, 'f'.repeat(64))).rejects.toMatchObject({ code: 'KEY_UNKNOWN' })
  await story.rotate('receipt', 0)
  expect(await revokeKey(story.change, old)).toMatchObject({ kind: 'receipt', state: 'revoked' })
})

test('instances are sealed to the old and the new key while the new one is announced; both open what came before', async () => {
  await using story = await Story.begin()
  const [old = ''] = centerRecipients(await story.list())
  const made = await story.rotate('seal')

  const both = await story.listOnce((list) => centerRecipients(list).length === 2)
  story.clock.advance(DAY_MS)
  const after = await story.listOnce((list) => centerRecipients(list).length === 1)

  expect(centerRecipients(both)).toEqual([old, made.id])
  expect(centerRecipients(after)).toEqual([made.id])
  for (const recipient of [old, made.id]) await story.receipt([recipient])
  await revokeKey(story.change, old)
  story.clock.advance(LOOK_MS)
  await story.receipt([old])
})

test('another recovery key is sealed to from the next list on, and is handed out before anything is stored', async () => {
  await using story = await Story.begin()
  const handedOut: string[] = []
  const before = (await listKeys(story.change)).length
  await expect(
    addRecoveryKey(story.change, () => Promise.reject(new Error('the disk is full'))),
  ).rejects.toThrow('the disk is full')
  expect(await listKeys(story.change)).toHaveLength(before)

  const made = await addRecoveryKey(story.change, async ({ identity }) => void handedOut.push(identity))
  const list = await story.listOnce(({ seal }) => seal.length === 3)

  expect(list.seal.at(-1)).toEqual({ recipient: made.id, role: 'recovery' })
  expect(handedOut).toEqual([expect.stringMatching(/^AGE-SECRET-KEY-1/)])
})

test('the next TLS key is announced, then shown without a restart; who knows only the old one is shown that', async () => {
  await using story = await Story.begin()
  const { port } = story.center
  const old = await shownPin(port)
  const made = await story.rotate('tls')

  const announced = await story.listOnce(({ tlsPins }) => tlsPins.length === 2)
  const meanwhile = await shownPin(port)
  story.clock.advance(DAY_MS)
  await until(
    async () => {
      story.clock.advance(LOOK_MS)
      return shownPin(port)
    },
    (pin) => pin !== old,
  )

  expect(announced.tlsPins).toEqual([old, made.id])
  expect(meanwhile).toBe(old)
  expect(await shownPin(port)).toBe(made.id)
  expect(await shownPin(port, pinServerName(old))).toBe(old)
  expect(await shownPin(port, pinServerName('A'.repeat(43)))).toBe(made.id)
  await revokeKey(story.change, old)
  await story.listOnce(({ tlsPins }) => !tlsPins.includes(old))
  expect(await shownPin(port, pinServerName(old))).toBe(made.id)
})

test.each<[string, ('keys' | 'register.sqlite')[]]>([
  ['the register', ['register.sqlite']],
  ['the keys', ['keys']],
  ['both', ['register.sqlite', 'keys']],
])('after a restore of %s the next key list is above every list that agents know', async (_, restored) => {
  await using story = await Story.begin()
  await story.center.close()
  story.backUp()
  await story.center.open()
  const versions = [(await story.list()).version]
  for (const kind of ['receipt', 'seal'] as const) {
    story.clock.advance(HOUR_MS)
    await story.rotate(kind)
    versions.push((await story.listOnce(({ version }) => version > (versions.at(-1) ?? 0))).version)
  }
  await story.center.close()
  for (const name of restored) story.putBack(name)
  story.clock.advance(HOUR_MS)
  await story.center.open()

  const after = await story.list()

  expect(after.version).toBeGreaterThan(Math.max(...versions))
  expect(kidsOf(after)).toHaveLength(restored.includes('keys') ? 1 : 2)
})

test('versions that were issued by a clock in the future are passed by command, and the center stays able to issue', async () => {
  await using story = await Story.begin(Date.UTC(2300, 0, 1))
  const future = await story.list()
  await story.rotate('receipt')
  const next = await story.listOnce(({ version }) => version > future.version)
  expect(next.version).toBe(future.version + 1)

  await using today = await Story.begin(Date.UTC(2026, 0, 1))
  expect((await today.list()).version).toBeLessThan(next.version)
  await raiseListVersion(today.change, next.version)
  expect((await today.listOnce(({ version }) => version > next.version)).version).toBe(next.version + 1)
  for (const version of [2 ** 40, 1.5, -1, Number.NaN]) {
    await expect(raiseListVersion(today.change, version)).rejects.toMatchObject({ code: 'USAGE' })
  }
})

test('a certificate whose key no clinic was told of keeps the center from starting, until it is announced', async () => {
  await using temp = await Story.begin()
  const [own, other] = [await newTlsCertificate('127.0.0.1', 0), await newTlsCertificate('127.0.0.1', 0)]
  const files = {
    certificateFile: join(temp.center.folder, 'tls.pem'),
    keyFile: join(temp.center.folder, 'tls.key'),
  }
  const install = ({ certificate, key }: typeof own): void => {
    writeFileSync(files.certificateFile, certificate)
    writeFileSync(files.keyFile, key, { mode: 0o600 })
  }
  install(own)
  await using center = await RunningCenter.start({ clock: temp.clock, tls: files })
  const agent = await center.enrol()
  // The first one was taken before there was any clinic.
  await center.close()
  await center.open()
  expect(await shownPin(center.port)).toBe(tlsPin(own.certificate))

  install(other)
  await center.close()
  await expect(center.open()).rejects.toMatchObject({
    code: 'KEY_FILE_INVALID',
    message: expect.stringMatching(/never announced.*keep the old key.*keys tls-next/s),
  })
  await announceCertificate(
    { folder: center.folder, nowMs: temp.clock.now() },
    other.certificate,
    temp.clock.now(),
  )
  await center.open()
  expect(await shownPin(center.port)).toBe(tlsPin(other.certificate))
  const { keys } = agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json)
  const { tlsPins } = verifyKeyList(keys ?? { rootKey: '', jws: '' }, center.made.center)
  expect(tlsPins).toEqual(expect.arrayContaining([own, other].map(({ certificate }) => tlsPin(certificate))))
})

test('a key file that is broken changes nothing in a running center, and the next one counts', async () => {
  await using story = await Story.begin()
  const before = await story.list()
  writeFileSync(join(story.center.folder, 'keys', '0002.json'), '{"format":"ferry-', { mode: 0o600 })
  const told = await until(
    async () => {
      story.clock.advance(LOOK_MS)
      return (await story.center.desk.registerState()).notes.map(({ name }) => name)
    },
    (names) => names.includes('KEYS_REFUSED'),
  )
  expect(told).toContain('KEYS_REFUSED')
  await story.receipt(before.seal.map(({ recipient }) => recipient))
  rmSync(join(story.center.folder, 'keys', '0002.json'))
  await story.rotate('receipt')
  expect((await story.listOnce(({ sign }) => sign.length === 2)).sign[0]).toBe(before.sign[0])
  expect((await story.center.desk.registerState()).notes.map(({ name }) => name)).not.toContain(
    'KEYS_REFUSED',
  )
})
