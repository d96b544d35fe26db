import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ControlClient } from '../src/console/session/control-client.ts'
import {
  type AgentStatus,
  CONTROL_PATHS,
  retrySchema,
  statusSchema,
  studiesSchema,
} from '../src/protocol/control-api.ts'
import { answers } from '../test/support/peers/answers.ts'
import { freePort } from '../test/support/peers/free-port.ts'
import type { Child } from './child.ts'
import { ask, FERRY, FERRY_CENTER, startProgram } from './ferry-cli.ts'
import { HOST } from './receivers/receiver.ts'
import type { StoreScp } from './send-study.ts'

/** Counting a queue costs the agent something: asked more often, the asking would be measured. */
const ASK_EVERY_MS = 200

const AGENT_AE_TITLE = 'FERRY'
export const DEVICE_AE_TITLE = 'DEMO_CT'

/** A center in a folder of its own, made and run by its own commands. */
export class CenterProcess implements AsyncDisposable {
  readonly config: string
  readonly port: number
  readonly instancesFolder: string
  /** The file with the recovery key, which opens everything that was sealed for this center. */
  readonly recoveryKeyFile: string
  #child: Child | undefined

  private constructor(config: string, port: number, dataFolder: string, recoveryKeyFile: string) {
    this.config = config
    this.port = port
    this.instancesFolder = join(dataFolder, 'instances')
    this.recoveryKeyFile = recoveryKeyFile
  }

  /** `line`: makes a line to the center's port, and returns the port that agents use instead. */
  static async init(
    folder: string,
    name: string,
    line?: (port: number) => Promise<number>,
  ): Promise<CenterProcess> {
    await mkdir(folder, { recursive: true })
    const port = await freePort()
    const config = join(folder, 'center.yaml')
    const url = `https://${HOST}:${(await line?.(port)) ?? port}`
    const args = ['init', '--config', config, '--name', name, '--public-url', url, '--port', String(port)]
    const recoveryKeyFile = join(folder, 'recovery-key.txt')
    const { dataFolder } = await ask(FERRY_CENTER, [...args, '--recovery-key', recoveryKeyFile])
    await edit(config, { 'host: 0.0.0.0': `host: ${HOST}`, 'reserve: 10GiB': 'reserve: 64MiB' })
    return new CenterProcess(config, port, String(dataFolder), recoveryKeyFile)
  }

  get pid(): number {
    if (this.#child === undefined) throw new Error('the center does not run')
    return this.#child.pid
  }

  async start(): Promise<void> {
    const child = startProgram(FERRY_CENTER, ['run', '--config', this.config])
    this.#child = child
    await child.until('it listened', () => answers(this.port))
  }

  async stop(): Promise<void> {
    await this.#child?.[Symbol.asyncDispose]()
    this.#child = undefined
  }

  async invite(clinic: string): Promise<string> {
    return String((await ask(FERRY_CENTER, ['invite', clinic, '--config', this.config]))['joinCode'])
  }

  /** The fingerprint of the agent that waits, once there is one. */
  async waiting(): Promise<string | undefined> {
    const { agents } = await ask(FERRY_CENTER, ['agents', '--config', this.config])
    const waiting = (agents as { state: string; fingerprint: string }[]).find(
      ({ state }) => state === 'pending',
    )
    return waiting?.fingerprint
  }

  async approve(fingerprint: string): Promise<void> {
    await ask(FERRY_CENTER, ['approve', fingerprint, '--config', this.config])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

interface AgentChoices {
  /** Idle time after which a study is closed. */
  readonly quiet: string
  readonly unknownDevices: 'reject' | 'accept'
  /** Devices whose studies go first. */
  readonly priority?: readonly string[]
}

/** An agent in a folder of its own, made and run by its own commands. */
export class AgentProcess implements AsyncDisposable {
  readonly config: string
  readonly scp: StoreScp
  readonly pageUrl: string
  readonly spoolFolder: string
  readonly #control: ControlClient
  #child: Child | undefined

  private constructor(config: string, dataFolder: string, port: number, pagePort: number) {
    this.config = config
    this.scp = { host: HOST, port, aeTitle: AGENT_AE_TITLE }
    this.pageUrl = `http://${HOST}:${pagePort}/`
    this.spoolFolder = join(dataFolder, 'spool')
    this.#control = new ControlClient(dataFolder)
  }

  /** As the commands make it, but quicker to close a study, content with a small disk, and for this machine alone. */
  static async init(
    folder: string,
    { quiet, unknownDevices, priority = [] }: AgentChoices,
  ): Promise<AgentProcess> {
    await mkdir(folder, { recursive: true })
    const [port, pagePort] = [await freePort(), await freePort()]
    const config = join(folder, 'ferry.yaml')
    const args = ['init', '--config', config, '--port', String(port), '--ae-title', AGENT_AE_TITLE]
    const { dataFolder } = await ask(FERRY, [...args, '--device', `Demo CT=${DEVICE_AE_TITLE}@${HOST}`])
    await edit(config, {
      'host: 0.0.0.0': `host: ${HOST}`,
      'reserve: 2GiB': 'reserve: 64MiB',
      'quiet: 60s': `quiet: ${quiet}`,
      'port: 11180': `port: ${pagePort}`,
      'unknownDevices: reject': `unknownDevices: ${unknownDevices}`,
      'priority: []': `priority: [${priority.join(', ')}]`,
    })
    return new AgentProcess(config, String(dataFolder), port, pagePort)
  }

  get pid(): number {
    if (this.#child === undefined) throw new Error('the agent does not run')
    return this.#child.pid
  }

  /** Joins the center, whose operator approves the fingerprint that both sides see. */
  async join(center: CenterProcess, clinic: string): Promise<string> {
    const code = await center.invite(clinic)
    await using joining = startProgram(FERRY, ['join', code, '--config', this.config])
    const fingerprint = await joining.until('the center had heard of it', () => center.waiting())
    await center.approve(fingerprint)
    await joining.finished()
    return fingerprint
  }

  async start(): Promise<void> {
    const child = startProgram(FERRY, ['run', '--config', this.config])
    this.#child = child
    await child.until('it listened', () => answers(this.scp.port))
  }

  async status(): Promise<AgentStatus> {
    return (await this.#control.call(statusSchema, 'GET', CONTROL_PATHS.status)).value
  }

  /** Resolves when the center has signed for this many instances. */
  async confirmed(instances: number): Promise<void> {
    const child = this.#child
    if (child === undefined) throw new Error('the agent does not run')
    const isThere = async (): Promise<true | undefined> => {
      const { deliveries, alarms } = await this.status()
      if (alarms.length > 0)
        throw new Error(`the agent raised ${alarms.map(({ message }) => message).join('; ')}`)
      return deliveries.confirmed >= instances ? true : undefined
    }
    await child.until(`${instances} instances were confirmed`, isThere, {
      withinMs: 300_000,
      everyMs: ASK_EVERY_MS,
    })
  }

  /** True if the study that came last has its receipt. */
  async isNewestConfirmed(): Promise<boolean> {
    const path = `${CONTROL_PATHS.studies}?limit=1`
    const { studies } = (await this.#control.call(studiesSchema, 'GET', path)).value
    return studies[0]?.state === 'confirmed'
  }

  /** As `ferry retry` asks it, without the start of a program in between. */
  async retry(): Promise<void> {
    await this.#control.call(retrySchema, 'POST', CONTROL_PATHS.retry)
  }

  async stop(): Promise<void> {
    await this.#child?.[Symbol.asyncDispose]()
    this.#child = undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Changes settings in a commented file as a person would; throws if the file does not have one of them. */
async function edit(path: string, changes: Readonly<Record<string, string>>): Promise<void> {
  let text = await readFile(path, 'utf8')
  for (const [before, after] of Object.entries(changes)) {
    if (!text.includes(before)) throw new Error(`${path} has no setting ${before}`)
    text = text.replace(before, after)
  }
  await writeFile(path, text)
}
