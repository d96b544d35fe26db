import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from '@jest/globals'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { type RunningAgent, startAgent } from '../../src/agent/agent.ts'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { type Center, DEFAULT_LIMITS, startCenter } from '../../src/center/center.ts'
import { initCenter } from '../../src/center/keys/center-keys.ts'
import { type KeyView, type RotatedKind, revokeKey, rotateKey } from '../../src/center/keys/change-keys.ts'
import type { KeyList } from '../../src/protocol/key-list.ts'
import { fingerprint } from '../../src/protocol/signing-key.ts'
import { parseEnvelope } from '../../src/protocol/spool-file.ts'
import { pinOf } from '../support/centers/running-center.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { JumpingClock } from '../support/clocks/jumping-clock.ts'
import { keepPace } from '../support/clocks/keep-pace.ts'
import { until } from '../support/clocks/until.ts'
import { openAgeFile } from '../support/instances/age-file.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { bytesOf, spooledIn } from '../support/instances/spooled.ts'
import { FaultProxy } from '../support/lines/fault-proxy.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { joinTestCenter, testSettings } from '../support/programs/clinic.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

const DAY_MS = 86_400_000
/** Intervals of minutes pass in seconds; nothing on this machine is late by as much. */
const SPEED = 20
const LIMIT_MS = 120_000
/** The pause of a device between two studies. */
const DEVICE_PACE_MS = 200

/** One clinic whose device never stops sending. */
class Clinic {
  readonly sent: RawInstance[] = []
  readonly log = new RecordingLog()
  readonly dataFolder: string
  readonly line: FaultProxy
  agent!: RunningAgent
  #isSending = true
  #sending: Promise<void> = Promise.resolve()

  constructor(dataFolder: string, line: FaultProxy) {
    this.dataFolder = dataFolder
    this.line = line
  }

  begin(agent: RunningAgent): void {
    this.agent = agent
    this.#sending = this.#send()
  }

  async #send(): Promise<void> {
    while (this.#isSending) {
      const studyInstanceUid = newUid()
      const instances = [1, 2].map(() => inventedInstance(2000, { studyInstanceUid }))
      const answers = await sendInstances(this.agent.port, instances)
      if (answers.some(({ status }) => status !== 0)) throw new Error('an instance was refused')
      this.sent.push(...instances)
      await keepPace(DEVICE_PACE_MS)
    }
  }

  stopSending(): Promise<void> {
    this.#isSending = false
    return this.#sending
  }

  async keyList(): Promise<KeyList> {
    return (await CenterAccount.open(this.dataFolder)).keyList()
  }

  confirmed(): number {
    return this.agent.service.status().deliveries.confirmed
  }
}

interface Story {
  readonly centerFolder: string
  readonly center: Center
  readonly clock: JumpingClock
  readonly centerLog: RecordingLog
  readonly clinics: readonly [Clinic, Clinic, Clinic]
  readonly recoveryIdentity: string
}

async function withThreeClinics(tell: (story: Story) => Promise<void>): Promise<void> {
  await using held = new AsyncDisposableStack()
  const folder = held.use(tempFolder())
  const clock = new JumpingClock(new FastClock(SPEED))
  const centerFolder = folder.join('center')
  const { recoveryIdentity } = await initCenter(centerFolder, 'https://127.0.0.1:8443', clock.now())
  const centerLog = new RecordingLog()
  const center = held.use(
    await startCenter({
      folder: centerFolder,
      listen: { host: '127.0.0.1', port: 0 },
      name: 'Test center',
      limits: { ...DEFAULT_LIMITS, reserveBytes: 0 },
      clock,
      log: centerLog,
    }),
  )
  const open = async (name: string): Promise<Clinic> => {
    const line = held.use(await FaultProxy.start(center.port))
    const clinic = new Clinic(folder.join(name), line)
    await joinTestCenter(centerFolder, line.port, clinic.dataFolder)
    const settings = testSettings(clinic.dataFolder, { study: { quietMs: 1000 } })
    clinic.begin(held.use(await startAgent(settings, { clock, log: clinic.log })))
    held.defer(() => clinic.stopSending())
    return clinic
  }
  const clinics = [await open('a'), await open('b'), await open('c')] as const
  await tell({ centerFolder, center, clock, centerLog, clinics, recoveryIdentity })
}

const isListed = ({ id }: KeyView, { sign, seal, tlsPins }: KeyList): boolean =>
  tlsPins.includes(id) ||
  seal.some(({ recipient }) => recipient === id) ||
  sign.some((key) => fingerprint(Buffer.from(key, 'base64url')) === id)

async function shownPin(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  const pin = pinOf(socket)
  socket.destroy()
  return pin
}

/** Announces a new key, waits until the clinics on line know it, and lets its day pass. */
async function change(
  { centerFolder: folder, clock }: Story,
  kind: RotatedKind,
  online: readonly Clinic[],
): Promise<KeyView> {
  const nowMs = clock.now()
  const made = await rotateKey({ folder, nowMs }, kind, nowMs + DAY_MS, 'https://127.0.0.1:8443')
  for (const clinic of online) {
    await until(
      () => clinic.keyList(),
      (list) => isListed(made, list),
      LIMIT_MS,
    )
  }
  clock.jumpMs += DAY_MS
  return made
}

/** Waits until each clinic has had some more instances receipted. */
async function moreConfirmed(clinics: readonly Clinic[]): Promise<void> {
  for (const clinic of clinics) {
    const before = clinic.confirmed()
    await until(
      () => clinic.confirmed(),
      (now) => now >= before + 4,
      LIMIT_MS,
    )
  }
}

const listsIssued = (log: RecordingLog): number =>
  log.lines.filter(({ message }) => message === 'key list issued').length

/** Digests of the data sets in a clinic's spool, opened with the recovery key. */
function openedWithRecoveryKey(clinic: Clinic, recoveryIdentity: string): string[] {
  const spool = join(clinic.dataFolder, 'spool')
  const identity = parseIdentity(recoveryIdentity)
  return spooledIn(spool).map((one) => {
    const file = bytesOf(one)
    const { envelope, bytesRead = 0 } = parseEnvelope(file) ?? {}
    const { sealedBytes } = one.trailer
    const { plaintext, failure } = openAgeFile(file.subarray(bytesRead, sealedBytes), [identity])
    if (failure !== undefined) throw failure
    return sha256(plaintext.subarray(envelope?.part10HeaderBytes))
  })
}

test(
  'receipt, sealing and TLS keys change while three clinics send, one of them cut off: no alarm, nothing lost, all opens with the recovery key',
  async () => {
    await withThreeClinics(async (story) => {
      const { clinics, clock, center, centerFolder, recoveryIdentity } = story
      const [first, second, away] = clinics
      const online = [first, second]
      await moreConfirmed(clinics)
      const before = await away.keyList()
      const oldPin = await shownPin(center.port)
      away.line.isRefusing = true
      away.line.cut()

      for (const kind of ['receipt', 'seal', 'tls'] as const) {
        await change(story, kind, online)
        await moreConfirmed(online)
      }
      await until(
        () => shownPin(center.port),
        (pin) => pin !== oldPin,
      )
      // The old receipt key may be known to others: no clinic believes it again, away or not.
      for (const key of before.sign) {
        const id = fingerprint(Buffer.from(key, 'base64url'))
        await revokeKey({ folder: centerFolder, nowMs: clock.now() }, id)
      }
      await moreConfirmed(online)
      expect(before).toEqual(await away.keyList())

      away.line.isRefusing = false
      await moreConfirmed([away])
      for (const clinic of clinics) await clinic.stopSending()
      for (const clinic of clinics) {
        await until(
          () => clinic.confirmed(),
          (confirmed) => confirmed === clinic.sent.length,
          LIMIT_MS,
        )
      }

      const stored = new Set(storedAtCenter(centerFolder).map(({ dataSetSha256 }) => dataSetSha256))
      for (const clinic of clinics) {
        const digests = clinic.sent.map(({ dataSet }) => sha256(dataSet))
        expect(digests.filter((digest) => !stored.has(digest))).toEqual([])
        expect(openedWithRecoveryKey(clinic, recoveryIdentity).toSorted()).toEqual(digests.toSorted())
        expect(clinic.agent.service.status()).toMatchObject({ alarms: [], deliveries: { held: 0 } })
        expect(clinic.log.of('error')).toEqual([])
        await until(
          () => clinic.keyList(),
          ({ sign }) => !sign.some((key) => before.sign.includes(key)),
          LIMIT_MS,
        )
      }
      expect(story.centerLog.of('error')).toEqual([])
      expect(listsIssued(story.centerLog)).toBeGreaterThanOrEqual(6)
    })
  },
  10 * 60_000,
)
