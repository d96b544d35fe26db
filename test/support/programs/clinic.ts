import { type RunningAgent, startAgent } from '../../../src/agent/agent.ts'
import { joinCenter } from '../../../src/agent/send/join-center.ts'
import { type Center, type CenterOptions, DEFAULT_LIMITS, startCenter } from '../../../src/center/center.ts'
import { initCenter } from '../../../src/center/keys/center-keys.ts'
import { OperatorDesk } from '../../../src/center/operate/operator.ts'
import {
  type AgentSettings,
  commitmentSchema,
  procedureStepsSchema,
} from '../../../src/config/agent-settings.ts'
import { checkingSchema } from '../../../src/config/checking-settings.ts'
import { importSchema } from '../../../src/config/import-settings.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import { type Log, silentLog } from '../../../src/platform/log.ts'
import type { AgentStatus } from '../../../src/protocol/control-api.ts'
import { parseJoinCode } from '../../../src/protocol/join-code.ts'
import { until } from '../clocks/until.ts'
import { tempFolder } from '../temp-folder.ts'

const MIB = 1024 * 1024

export interface ClinicOptions {
  log?: Log
  pacs?: CenterOptions['pacs']
  /** The center's messages about conditions. */
  messages?: CenterOptions['messages']
  settings?: Partial<AgentSettings>
  /** The clock of agent and center; it may be stopped. */
  clock?: Clock
  /** CREDENTIALS_DIRECTORY of the agent. */
  credentialsFolder?: string
  /** Reads the list of devices again. */
  readSettings?: () => AgentSettings
  /** The line between agent and center: the agent knows its port only. */
  line?: (center: { folder: string; port: number }) => Promise<AsyncDisposable & { port: number }>
}

/** A center and an agent that has joined it, in this process, over real sockets and files. */
export interface Clinic extends AsyncDisposable {
  folder: string
  /** age identity of the offline recovery key. */
  recoveryIdentity: string
  center: Center
  agent: RunningAgent
  settings: AgentSettings
  stopAgent(): Promise<void>
  startAgent(): Promise<void>
  stopCenter(): Promise<void>
  /** `pacs`: another one from now on. */
  startCenter(pacs?: CenterOptions['pacs']): Promise<void>
}

export function testSettings(dataFolder: string, settings: Partial<AgentSettings> = {}): AgentSettings {
  return {
    dataFolder,
    log: { level: 'error' },
    listener: { name: 'main', host: '127.0.0.1', port: 0, aeTitles: ['FERRY'] },
    devices: [],
    folders: [],
    unknownDevices: 'accept',
    alarms: { deviceSilentMs: 3 * 24 * 3_600_000 },
    limits: {
      instanceBytes: 8 * 1024 * MIB,
      reserveBytes: 64 * MIB,
      associations: 64,
      associationsPerPeer: 64,
      pduBytes: 128 * 1024,
      idleMs: 600_000,
    },
    import: importSchema.parse({}),
    study: { quietMs: 300 },
    send: { packBytes: 16 * MIB, packMembers: 500, chunkBytes: 4 * MIB, uploads: 2 },
    retention: { confirmedMs: 7 * 86_400_000, atLeastMs: 7 * 86_400_000 },
    records: { keptMs: 400 * 86_400_000 },
    recipients: [],
    displayNames: 'credential',
    statusPage: undefined,
    metrics: { listen: undefined },
    checking: checkingSchema.parse({}),
    commitment: commitmentSchema.parse({}),
    procedureSteps: procedureStepsSchema.parse({}),
    deidentification: { projectKeyFile: undefined, profiles: [] },
    routes: [{ name: 'identified', profile: undefined }],
    normalization: { system: 'FERRY', recordOriginals: true, rules: [] },
    orders: [],
    ...settings,
  }
}

/** Makes, joins and starts both; the center keeps its port over restarts. */
export async function openClinic(options: ClinicOptions = {}): Promise<Clinic> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const log = options.log ?? silentLog
  const clock = options.clock ?? systemClock
  const { credentialsFolder } = options
  const again = options.readSettings && { readSettings: options.readSettings }
  const centerFolder = folder.join('center')
  const { recoveryIdentity } = await initCenter(centerFolder, 'https://127.0.0.1', clock.now())
  let port = 0
  let { pacs } = options
  const open = (): Promise<Center> =>
    startCenter({
      folder: centerFolder,
      listen: { host: '127.0.0.1', port },
      name: 'Test center',
      limits: { ...DEFAULT_LIMITS, reserveBytes: 0 },
      ...(pacs === undefined ? {} : { pacs }),
      ...(options.messages && { messages: options.messages }),
      clock,
      log,
    })
  let center = await open()
  stack.defer(() => center.close())
  port = center.port
  const settings = testSettings(folder.join('agent'), options.settings)
  const line = await options.line?.({ folder: centerFolder, port })
  if (line !== undefined) stack.use(line)
  await joinTestCenter(centerFolder, line?.port ?? port, settings.dataFolder)
  let agent = await startAgent(settings, { clock, log, credentialsFolder, ...again })
  stack.defer(() => agent[Symbol.asyncDispose]())
  const running = stack.move()
  return {
    folder: folder.path,
    recoveryIdentity,
    settings,
    get center() {
      return center
    },
    get agent() {
      return agent
    },
    stopAgent: async () => agent[Symbol.asyncDispose](),
    startAgent: async () => {
      agent = await startAgent(settings, { clock, log, credentialsFolder, ...again })
    },
    stopCenter: async () => center.close(),
    startCenter: async (another = pacs) => {
      pacs = another
      center = await open()
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Waits until nothing is on its way any more; answers the counts of deliveries by state. */
export async function allSettled(clinic: Clinic, limitMs = 60_000): Promise<AgentStatus['deliveries']> {
  const { deliveries } = await until(
    () => clinic.agent.service.status(),
    ({ deliveries: { queued, sending, delivered } }) => queued + sending + delivered === 0,
    limitMs,
  )
  return deliveries
}

/** Invites, joins and approves an agent that will work in `dataFolder`, at the running center of `centerFolder`. */
export async function joinTestCenter(centerFolder: string, port: number, dataFolder: string): Promise<void> {
  const publicUrl = `https://127.0.0.1:${port}`
  using desk = await OperatorDesk.open({ folder: centerFolder, publicUrl, clock: systemClock })
  const { joinCode } = await desk.invite('Test clinic', 3_600_000)
  const approvals: Promise<unknown>[] = []
  await joinCenter({
    dataFolder,
    code: parseJoinCode(joinCode),
    name: 'Test clinic',
    clock: systemClock,
    onPending: (fingerprint) => approvals.push(desk.approve(fingerprint)),
  })
  await Promise.all(approvals)
}
