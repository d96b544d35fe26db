import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spoolFilesNow } from '../../../src/agent/queue/spool/spool-names.ts'
import type { AgentSettings } from '../../../src/config/agent-settings.ts'
import { ControlClient } from '../../../src/console/session/control-client.ts'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type AgentStatus, CONTROL_PATHS, statusSchema } from '../../../src/protocol/control-api.ts'
import { TRAILER_BYTES } from '../../../src/protocol/spool-file.ts'
import { sha256, storedAtCenter } from '../../support/centers/stored-at-center.ts'
import { until } from '../../support/clocks/until.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { bytesOf, type Spooled, spooledIn } from '../../support/instances/spooled.ts'
import { RawAssociation } from '../../support/peers/raw-association.ts'
import type { RawInstance } from '../../support/peers/send-instances.ts'
import { type RunningProgram, startProgram } from '../../support/programs/child-process.ts'
import { type Clinic, openClinic, testSettings } from '../../support/programs/clinic.ts'

interface DiskClinicOptions {
  settings?: Partial<AgentSettings>
  /** Before the agent's command line. */
  wrapper?: readonly string[]
  /** Where its log goes; default: a file beside its settings. */
  logFile?: string
}

/** A center in this process, and an agent in one of its own, whose disk a test disturbs. */
export class DiskClinic implements AsyncDisposable {
  readonly clinic: Clinic
  agent: RunningProgram
  readonly #logFile: string
  /** Instances for which the devices got Success. */
  readonly acknowledged: RawInstance[] = []

  private constructor(clinic: Clinic, agent: RunningProgram, logFile: string) {
    this.clinic = clinic
    this.agent = agent
    this.#logFile = logFile
  }

  /** Its data folder is `folder`/agent; `reserveBytes` are kept in reserve. */
  static async openIn(folder: string, reserveBytes: number): Promise<DiskClinic> {
    const dataFolder = join(folder, 'agent')
    const { limits } = testSettings(dataFolder)
    return await DiskClinic.open({ settings: { dataFolder, limits: { ...limits, reserveBytes } } })
  }

  static async open({ settings, wrapper = [], logFile }: DiskClinicOptions = {}): Promise<DiskClinic> {
    const clinic = await openClinic({ settings: { log: { level: 'info' }, ...settings } })
    await clinic.stopAgent()
    const file = logFile ?? join(clinic.folder, 'agent.log')
    try {
      return new DiskClinic(clinic, await startAgent(clinic, file, wrapper), file)
    } catch (error) {
      await clinic[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts an agent after the one before was killed. Rejects if the program ends before it is ready. */
  async restart(): Promise<void> {
    this.agent = await startAgent(this.clinic, this.#logFile)
  }

  get dataFolder(): string {
    return this.clinic.settings.dataFolder
  }

  /** Lets a device in, which keeps its association open. */
  async device(): Promise<Device> {
    return await Device.connect(this.agent.port, this.acknowledged)
  }

  /** Returns the answer to a device that asks for an association: 'accepted', 'closed', or result, source and reason. */
  async door(): Promise<string> {
    const raw = await RawAssociation.connect(this.agent.port)
    const { type, body } = await raw.associate().catch(() => ({ type: 0, body: Buffer.alloc(0) }))
    raw.close()
    if (type === 2) return 'accepted'
    return type === 3 ? `rejected ${body.readUInt8(1)}/${body.readUInt8(2)}/${body.readUInt8(3)}` : 'closed'
  }

  /** Waits until a device is let in again; answers after how many ms. */
  async letsIn(limitMs = 15_000): Promise<number> {
    const since = performance.now()
    await until(
      () => this.door(),
      (answer) => answer === 'accepted',
      limitMs,
    )
    return performance.now() - since
  }

  async status(): Promise<AgentStatus> {
    const { value } = await new ControlClient(this.dataFolder).call(statusSchema, 'GET', CONTROL_PATHS.status)
    return value
  }

  /** Codes of the alarms in what `ferry status` shows. */
  async alarms(): Promise<string[]> {
    return (await this.status()).alarms.map(({ code }) => code)
  }

  /** Waits until the log has lines with this sentence: a line is written after what it tells of, in its own time. */
  async logs(message: string): Promise<Record<string, unknown>[]> {
    return await until(
      () => this.logged(message),
      ({ length }) => length > 0,
    )
  }

  /** Lines of the log with this sentence, so far. */
  logged(message: string): Record<string, unknown>[] {
    const lines = existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8').split('\n') : []
    const parsed = lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    return parsed.filter((line) => line['message'] === message)
  }

  /** Whole instances in the spool, in files of their own and in segments. */
  spooled(): Spooled[] {
    return spooledIn(join(this.dataFolder, 'spool'))
  }

  /** Resolves when there are this many files of one instance, whole or not. */
  async ownFilesAre(count: number): Promise<void> {
    await until(
      () => spoolFilesNow(join(this.dataFolder, 'spool')).size,
      (files) => files === count,
    )
  }

  /** SOP Instance UIDs that were acknowledged and that are not undamaged in the spool. */
  absentFromSpool(): string[] {
    const held = new Set<string>()
    for (const one of this.spooled()) {
      const { envelope, trailer } = one
      const isWhole = sha256(bytesOf(one).subarray(0, -TRAILER_BYTES)) === trailer.sealedSha256
      if (isWhole) held.add(`${envelope.sopInstanceUid} ${trailer.dataSetSha256}`)
    }
    return this.#absent(held)
  }

  /** Waits until nothing is on its way; then the acknowledged instances of which the center has no undamaged file. */
  async absentFromCenter(limitMs = 30_000): Promise<string[]> {
    await until(
      async () => (await this.status()).deliveries,
      ({ queued, sending, delivered }) => queued + sending + delivered === 0,
      limitMs,
    )
    const stored = storedAtCenter(join(this.clinic.folder, 'center'))
    return this.#absent(new Set(stored.map((it) => `${it.sopInstanceUid} ${it.dataSetSha256}`)))
  }

  #absent(held: ReadonlySet<string>): string[] {
    return this.acknowledged
      .filter(({ sopInstanceUid, dataSet }) => !held.has(`${sopInstanceUid} ${sha256(dataSet)}`))
      .map(({ sopInstanceUid }) => sopInstanceUid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]()
    await this.clinic[Symbol.asyncDispose]()
  }
}

/** Its log is appended to `logFile`. */
async function startAgent(
  { folder, settings }: Clinic,
  logFile: string,
  wrapper: readonly string[] = [],
): Promise<RunningProgram> {
  const stderr = openSync(logFile, 'a')
  try {
    return await startProgram('run-agent', join(folder, 'agent.json'), settings, { wrapper, stderr })
  } finally {
    closeSync(stderr)
  }
}

type Association = Awaited<ReturnType<typeof openAssociation>>

/** A device with one association, over which it sends instances of its own making. */
class Device implements AsyncDisposable {
  readonly #association: Association
  readonly #acknowledged: RawInstance[]

  private constructor(association: Association, acknowledged: RawInstance[]) {
    this.#association = association
    this.#acknowledged = acknowledged
  }

  static async connect(port: number, acknowledged: RawInstance[]): Promise<Device> {
    const { sopClassUid, transferSyntaxUid } = inventedInstance(0)
    const association = await openAssociation({
      host: '127.0.0.1',
      port,
      callingAeTitle: 'CT1',
      calledAeTitle: 'FERRY',
      contexts: [{ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] }],
      clock: systemClock,
    })
    return new Device(association, acknowledged)
  }

  /** Sends one instance; `pause` is waited for in the middle of its data set. Answers "status comment" in hex. */
  async store(pixelBytes: number, pause?: Promise<unknown>): Promise<string> {
    return await this.resend(inventedInstance(pixelBytes), pause)
  }

  async resend(instance: RawInstance, pause?: Promise<unknown>): Promise<string> {
    const answer = await this.#association.store({ ...instance, dataSet: pieces(instance.dataSet, pause) })
    if (answer.status === 0) this.#acknowledged.push(instance)
    return `${answer.status.toString(16).padStart(4, '0')} ${answer.errorComment ?? ''}`.trimEnd()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#association.release().catch(() => {})
  }
}

async function* pieces(bytes: Buffer, pause: Promise<unknown> | undefined): AsyncGenerator<Buffer> {
  const half = Math.floor(bytes.length / 2)
  yield bytes.subarray(0, half)
  await pause
  for (let at = half; at < bytes.length; at += 65_536)
    yield bytes.subarray(at, Math.min(bytes.length, at + 65_536))
}
