import { once } from 'node:events'
import { join } from 'node:path'
import { DEFAULT_LIMITS } from '../../../src/center/center.ts'
import { initCenter } from '../../../src/center/keys/center-keys.ts'
import type { AgentSettings } from '../../../src/config/agent-settings.ts'
import { ControlClient } from '../../../src/console/session/control-client.ts'
import { type AgentStatus, CONTROL_PATHS, statusSchema } from '../../../src/protocol/control-api.ts'
import {
  type ProgramOptions,
  type RunningProgram,
  startProgram,
} from '../../support/programs/child-process.ts'
import { joinTestCenter, testSettings } from '../../support/programs/clinic.ts'
import { tempFolder } from '../../support/temp-folder.ts'

export type ProgramName = 'agent' | 'center'

/** An agent and a center as processes that a test kills and starts again; both keep their folders and ports. */
export class KillClinic implements AsyncDisposable {
  readonly folder: string
  readonly dataFolder: string
  readonly centerFolder: string
  readonly #settings: Partial<AgentSettings>
  readonly #stack = new AsyncDisposableStack()
  readonly #running = new Map<ProgramName, RunningProgram>()
  readonly #ports = new Map<ProgramName, number>()

  private constructor(settings: Partial<AgentSettings>) {
    const folder = this.#stack.use(tempFolder())
    this.folder = folder.path
    this.dataFolder = folder.join('agent')
    this.centerFolder = folder.join('center')
    this.#settings = settings
    this.#stack.defer(async () => {
      for (const program of this.#running.values()) await program.kill()
    })
  }

  /** Makes, joins and starts both. */
  static async open(
    settings: Partial<AgentSettings> = {},
    agentOptions: ProgramOptions = {},
  ): Promise<KillClinic> {
    const clinic = new KillClinic(settings)
    await initCenter(clinic.centerFolder, 'https://127.0.0.1', Date.now())
    await clinic.start('center')
    await joinTestCenter(clinic.centerFolder, clinic.portOf('center'), clinic.dataFolder)
    await clinic.start('agent', agentOptions)
    return clinic
  }

  portOf(name: ProgramName): number {
    return this.#ports.get(name) ?? 0
  }

  /** Rejects where the program dies before it is ready. */
  async start(name: ProgramName, options: ProgramOptions = {}): Promise<RunningProgram> {
    const settingsFile = join(this.folder, `${name}.json`)
    const running =
      name === 'agent'
        ? await startProgram('run-agent', settingsFile, this.#agentSettings(), options)
        : await startProgram('run-center', settingsFile, this.#centerOptions(), options)
    this.#running.set(name, running)
    this.#ports.set(name, running.port)
    return running
  }

  async kill(name: ProgramName): Promise<void> {
    await this.#running.get(name)?.kill()
  }

  pidOf(name: ProgramName): number {
    return this.#running.get(name)?.child.pid ?? 0
  }

  isGone(name: ProgramName): boolean {
    const child = this.#running.get(name)?.child
    return child === undefined || child.exitCode !== null || child.signalCode !== null
  }

  /** Resolves when the program has ended, by whatever. */
  async gone(name: ProgramName): Promise<void> {
    const child = this.#running.get(name)?.child
    if (child !== undefined && !this.isGone(name)) await once(child, 'exit')
  }

  /** Deliveries by state, asked of the agent as the CLI does. */
  async deliveries(): Promise<AgentStatus['deliveries']> {
    const client = new ControlClient(this.dataFolder)
    const { value } = await client.call(statusSchema, 'GET', CONTROL_PATHS.status)
    return value.deliveries
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }

  #agentSettings(): AgentSettings {
    const settings = testSettings(this.dataFolder, this.#settings)
    return { ...settings, listener: { ...settings.listener, port: this.portOf('agent') } }
  }

  #centerOptions(): object {
    return {
      folder: this.centerFolder,
      listen: { host: '127.0.0.1', port: this.portOf('center') },
      name: 'Test center',
      limits: { ...DEFAULT_LIMITS, reserveBytes: 0 },
    }
  }
}
