import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { spooledIn } from '../support/instances/spooled.ts'
import { answers } from '../support/peers/answers.ts'
import { freePort } from '../support/peers/free-port.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { tempFolder } from '../support/temp-folder.ts'

export type Program = 'ferry' | 'ferry-center'
export type Language = 'en' | 'zh'

/** A program's words on both of its outputs, and its exit code. */
export interface Said {
  readonly exitCode: number | null
  readonly out: string
  readonly text: string
}

interface RunOptions {
  readonly language?: Language
  /** Precedes the program: `faketime` or `setpriv` with their arguments. */
  readonly wrapper?: readonly string[]
}

const BIN = join(import.meta.dirname, '..', '..', 'bin')
const HOST = '127.0.0.1'
/** Sockets cannot be copied. */
const COPY = { recursive: true, filter: (path: string) => !path.endsWith('.sock') }
const ENDS_WITHIN_MS = 60_000

interface KnownAgent {
  readonly fingerprint: string
  readonly state: string
}

/** The ports are the same in every copy of a pair, because both sides have written them down. */
interface Ports {
  readonly center: number
  readonly agent: number
  readonly page: number
  readonly pacs: number
}

/** A clinic and its center in two folders, run by the built programs, as two people would set them up. */
export class Pair implements AsyncDisposable {
  readonly folder: string
  readonly ports: Ports
  readonly #running = new Map<string, ChildProcess>()
  readonly #said = new Map<string, string>()
  readonly #toDispose = new AsyncDisposableStack()

  private constructor(folder: string, ports: Ports) {
    this.folder = folder
    this.ports = ports
  }

  /** Makes both and joins them; then both are stopped. */
  static async make(folder: string): Promise<Pair> {
    const [center, agent, page, pacs] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const pair = new Pair(folder, { center, agent, page, pacs })
    await pair.#initCenter(`https://${HOST}:${center}`)
    await pair.must('ferry', 'init', '--port', `${agent}`, '--device', `CT room=CT1@${HOST}`)
    pair.edit('ferry.yaml', {
      'host: 0.0.0.0': `host: ${HOST}`,
      'reserve: 2GiB': 'reserve: 64MiB',
      'quiet: 60s': 'quiet: 1s',
      'port: 11180': `port: ${page}`,
    })
    await pair.startCenter()
    await pair.join(await pair.invite())
    await pair.stop()
    return pair
  }

  /** The same pair in another folder, as it was when it was last stopped. */
  copyTo(folder: string): Pair {
    cpSync(this.folder, folder, COPY)
    return new Pair(folder, this.ports)
  }

  /** Another center, or another clinic, with the same ports in a folder of its own; closed together with this pair. */
  async another(name: string, program: Program = 'ferry-center'): Promise<Pair> {
    const folder = this.path(name)
    mkdirSync(folder)
    const other = this.use(new Pair(folder, this.ports))
    const { center, agent } = this.ports
    if (program === 'ferry') await other.must('ferry', 'init', '--port', `${agent}`)
    else await other.#initCenter(`https://${HOST}:${center}`)
    return other
  }

  /** The agent of a pair as a disk image would copy it: the same keys, other ports. */
  static async clone(pair: Pair, folder: string): Promise<Pair> {
    const [agent, page] = [await freePort(), await freePort()]
    const clone = new Pair(folder, { ...pair.ports, agent, page })
    mkdirSync(folder)
    for (const name of ['ferry.yaml', 'ferry.yaml.identity', 'data'])
      cpSync(pair.path(name), clone.path(name), COPY)
    const { ports } = pair
    clone.edit('ferry.yaml', {
      [`port: ${ports.agent}`]: `port: ${agent}`,
      [`port: ${ports.page}`]: `port: ${page}`,
    })
    return clone
  }

  path(...names: string[]): string {
    return join(this.folder, ...names)
  }

  /** Closes something together with the pair. */
  use<Thing extends AsyncDisposable | Disposable>(thing: Thing): Thing {
    return this.#toDispose.use(thing)
  }

  /** Changes settings in a commented file as a person would. */
  edit(name: string, changes: Readonly<Record<string, string>>): void {
    let content = readFileSync(this.path(name), 'utf8')
    for (const [before, after] of Object.entries(changes)) {
      if (!content.includes(before)) throw new Error(`${name} has no ${before}`)
      content = content.replace(before, () => after)
    }
    writeFileSync(this.path(name), content)
  }

  /** Runs a command to its end. */
  async run(program: Program, args: readonly string[], options: RunOptions = {}): Promise<Said> {
    const child = this.#spawn(program, args, options)
    const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
    try {
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      return { exitCode: child.exitCode, out, text: out + err }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs a command that must work, and returns what it printed. */
  async must(program: Program, ...args: readonly string[]): Promise<string> {
    const said = await this.run(program, args)
    if (said.exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${said.exitCode}\n${said.text}`)
    return said.out
  }

  async startAgent(options: RunOptions = {}): Promise<void> {
    const child = this.start('agent', 'ferry', ['run'], options)
    await this.#answers(child, this.ports.agent)
  }

  async startCenter(options: RunOptions = {}): Promise<void> {
    const child = this.start('center', 'ferry-center', ['run'], options)
    await this.#answers(child, this.ports.center)
  }

  async startBoth(): Promise<void> {
    await this.startCenter()
    await this.startAgent()
  }

  /** Starts a program that goes on running. */
  start(name: string, program: Program, args: readonly string[], options: RunOptions = {}): ChildProcess {
    const child = this.#spawn(program, args, options)
    this.#running.set(name, child)
    this.#said.set(name, '')
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => this.#said.set(name, this.said(name) + bytes.toString()))
    return child
  }

  /** Everything that a program said since it was started. */
  said(name: string): string {
    return this.#said.get(name) ?? ''
  }

  /** Resolves when a program that was started has said something like this. */
  async untilSaid(name: string, words: RegExp): Promise<void> {
    await until(
      () => this.said(name),
      (said) => words.test(said),
    )
  }

  /** Ends one of the programs that run, or all: the agent first. */
  async stop(name?: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const names = name === undefined ? Array.from(this.#running.keys()).toReversed() : [name]
    for (const one of names) {
      const child = this.#running.get(one)
      this.#running.delete(one)
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      process.kill(-(child.pid ?? 0), signal)
      await gone
    }
  }

  /** Sends a study of small images as a device does. Returns its Study Instance UID. */
  async sendStudy(instances: number, callingAeTitle = 'CT1', bytes = 2048): Promise<string> {
    const studyInstanceUid = newUid()
    const images = Array.from({ length: instances }, () => inventedInstance(bytes, { studyInstanceUid }))
    await sendInstances(this.ports.agent, images, callingAeTitle)
    return studyInstanceUid
  }

  /** Resolves when the agent has taken this many instances. */
  async untilQueued(instances: number): Promise<void> {
    await until(
      () => spooledIn(this.path('data/spool')).length,
      (count) => count >= instances,
    )
  }

  /** Resolves when the center has signed for this many instances and for nothing less. */
  async confirmed(instances: number): Promise<void> {
    await until(
      async () => this.json('ferry', 'status'),
      (status) => (status['deliveries'] as Record<string, number>)?.['confirmed'] === instances,
      60_000,
    )
  }

  async json(program: Program, ...args: readonly string[]): Promise<Record<string, unknown>> {
    const child = this.#spawn(program, [...args, '--json'], {})
    child.stderr.resume()
    const printed = await text(child.stdout)
    return printed === '' ? {} : (JSON.parse(printed) as Record<string, unknown>)
  }

  async invite(...options: readonly string[]): Promise<string> {
    return (await this.must('ferry-center', 'invite', 'North Street', ...options)).trim()
  }

  /** The agent that the center knows in this state. */
  async fingerprint(state: 'pending' | 'approved' = 'approved'): Promise<string> {
    const agents = await until(
      async () => {
        const known = (await this.json('ferry-center', 'agents'))['agents'] as KnownAgent[]
        return known.filter((agent) => agent.state === state)
      },
      (found) => found.length > 0,
    )
    return agents[0]?.fingerprint ?? ''
  }

  /** Joins the agent with a code as two people do it: one types it, the other approves the fingerprint. */
  async join(code: string): Promise<void> {
    const joining = this.start('joining', 'ferry', ['join', code])
    const joined = once(joining, 'exit')
    try {
      await this.must('ferry-center', 'approve', await this.fingerprint('pending'))
    } catch (cause) {
      throw new Error(this.said('joining'), { cause })
    }
    await joined
  }

  /** Makes the clinic one that has not joined: neither its data folder nor the note of its identity is there. */
  unjoin(): void {
    rmSync(this.path('data'), { recursive: true })
    rmSync(this.path('ferry.yaml.identity'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(undefined, 'SIGKILL')
    await this.#toDispose.disposeAsync()
  }

  async #initCenter(url: string): Promise<void> {
    const options = ['--name', 'District center', '--public-url', url, '--port', `${this.ports.center}`]
    await this.must('ferry-center', 'init', ...options, '--recovery-key', this.path('recovery.txt'))
    this.edit('center.yaml', { 'host: 0.0.0.0': `host: ${HOST}`, 'reserve: 10GiB': 'reserve: 64MiB' })
  }

  #spawn(program: Program, args: readonly string[], { language = 'en', wrapper = [] }: RunOptions) {
    const [command = '', ...rest] = [...wrapper, process.execPath, join(BIN, `${program}.js`), ...args]
    return spawn(command, rest, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what a wrapper runs ends with it.
      detached: true,
      env: { ...process.env, FERRY_LANG: language, NODE_OPTIONS: '' },
    })
  }

  async #answers(child: ChildProcess, port: number): Promise<void> {
    await until(
      async () =>
        child.exitCode ?? child.signalCode ?? ((await answers(port)) === undefined ? '' : 'answers'),
      (state) => state === 'answers',
    )
  }
}

/** A pair in a temporary folder that others are copied from. */
export async function makeTemplate(): Promise<AsyncDisposable & { pair: Pair }> {
  const folder = tempFolder()
  const pair = await Pair.make(folder.path)
  return {
    pair,
    [Symbol.asyncDispose]: async () => {
      await pair[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}
