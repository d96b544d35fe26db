import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { initCenter } from '../../src/center/keys/center-keys.ts'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { type AgentStatus, CONTROL_PATHS, statusSchema } from '../../src/protocol/control-api.ts'
import { FaultProxy } from '../support/lines/fault-proxy.ts'
import { joinTestCenter, testSettings } from '../support/programs/clinic.ts'
import { type Version, VersionSet } from './account.ts'
import { SoakProgram } from './soak-program.ts'

const QUEUE_SCHEMA = fileURLToPath(new URL('../../src/agent/queue/schema', import.meta.url))

/** Devices → door → agent → line → center: two programs of their own, and two lines that can fail. */
export class SoakClinic implements AsyncDisposable {
  readonly agent: SoakProgram
  readonly center: SoakProgram
  readonly door: FaultProxy
  readonly line: FaultProxy
  readonly centerFolder: string
  /** Instances that the agent has called confirmed, in every index that it had. */
  readonly confirmed = new VersionSet()
  /** Instances whose spool file was removed after its retention, in every index. */
  removed = 0
  readonly #agentFolder: string
  readonly #control: ControlClient
  readonly #held: AsyncDisposableStack

  private constructor(options: SoakClinicOptions, held: AsyncDisposableStack) {
    const { folder, agent, center, door, line } = options
    this.agent = agent
    this.center = center
    this.door = door
    this.line = line
    this.centerFolder = join(folder, 'center')
    this.#agentFolder = join(folder, 'agent')
    this.#control = new ControlClient(this.#agentFolder)
    this.#held = held
  }

  /** Makes both in `folder`, joins them through the line, and starts them. */
  static async open(
    folder: string,
    retentionMs: number,
    onTrouble: (words: string) => void,
  ): Promise<SoakClinic> {
    await using stack = new AsyncDisposableStack()
    mkdirSync(folder, { recursive: true })
    const centerFolder = join(folder, 'center')
    const agentFolder = join(folder, 'agent')
    await initCenter(centerFolder, 'https://127.0.0.1', systemClock.now())
    const centerSettings = (port: number): object => ({
      folder: centerFolder,
      listen: { host: '127.0.0.1', port },
      name: 'Soak center',
      limits: DEFAULT_LIMITS,
      logLevel: 'info',
    })
    const center = stack.use(new SoakProgram({ name: 'center', folder, settings: centerSettings, onTrouble }))
    await center.start()
    const line = stack.use(await FaultProxy.start(center.port))
    await joinTestCenter(centerFolder, line.port, agentFolder)
    const settings = (port: number): object => agentSettings(agentFolder, port, retentionMs)
    const agent = stack.use(new SoakProgram({ name: 'agent', folder, settings, onTrouble }))
    await agent.start()
    const door = stack.use(await FaultProxy.start(agent.port))
    return new SoakClinic({ folder, agent, center, door, line }, stack.move())
  }

  async status(): Promise<AgentStatus> {
    return (await this.#control.call(statusSchema, 'GET', CONTROL_PATHS.status)).value
  }

  /** The agent must not run. Confirmations in the index are kept here, since no one else knows them. */
  deleteIndex(): void {
    this.readIndex()
    for (const path of globSync(join(this.#agentFolder, 'queue.sqlite*'))) rmSync(path)
  }

  /** The agent must not run. */
  readIndex(): void {
    const path = join(this.#agentFolder, 'queue.sqlite')
    if (!existsSync(path)) return
    const database = Database.open(path, QUEUE_SCHEMA)
    try {
      for (const version of database.all<Version>(CONFIRMED)) {
        this.confirmed.add(version)
      }
      this.removed += database.get<{ removed: number }>(REMOVED)?.removed ?? 0
    } finally {
      database.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync()
  }
}

interface SoakClinicOptions extends Pick<SoakClinic, 'agent' | 'center' | 'door' | 'line'> {
  folder: string
}

const CONFIRMED = `
  SELECT i.sop_instance_uid AS sopInstanceUid, i.data_set_sha256 AS dataSetSha256
  FROM delivery d JOIN instance i USING (ulid) WHERE d.state = 'confirmed'`
const REMOVED = 'SELECT count(*) AS removed FROM instance WHERE removed_at IS NOT NULL'

function agentSettings(dataFolder: string, port: number, retentionMs: number): AgentSettings {
  const settings = testSettings(dataFolder)
  return {
    ...settings,
    log: { level: 'info' },
    listener: { ...settings.listener, port },
    study: { quietMs: 2000 },
    send: { ...settings.send, chunkBytes: 1024 * 1024 },
    retention: { confirmedMs: retentionMs, atLeastMs: retentionMs },
  }
}
