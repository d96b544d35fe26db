import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

const STOP_WITHIN_MS = 20_000
const KEPT_OUTPUT = 4000

/** How long an answer is waited for, and how often it is asked for. */
interface Patience {
  readonly withinMs?: number
  readonly everyMs?: number
}

/** A process of ours: its last words are kept for when it goes wrong, and it does not outlive the bench. */
export class Child implements AsyncDisposable {
  readonly name: string
  readonly process: ChildProcess
  readonly #closed: Promise<unknown>
  #output = ''

  constructor(
    command: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; ipc?: boolean } = {},
  ) {
    this.name = [command, ...args].join(' ').slice(0, 200)
    this.process = spawn(command, args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])],
    })
    this.#closed = new Promise((resolve) => this.process.once('close', resolve))
    this.process.on('error', (error) => this.#keep(error.message))
    this.process.stdout?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
    this.process.stderr?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
  }

  get pid(): number {
    if (this.process.pid === undefined) throw this.error('could not be started')
    return this.process.pid
  }

  /** The end of what it wrote. */
  get output(): string {
    return this.#output
  }

  /** Asks again and again until the answer is not undefined; throws when the process ends or time is over. */
  async until<T>(
    what: string,
    ask: () => Promise<T | undefined> | T | undefined,
    { withinMs = 60_000, everyMs = 20 }: Patience = {},
  ): Promise<T> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const answer = await ask()
      if (answer !== undefined) return answer
      if (this.#hasEnded()) throw this.error(`ended before ${what}`)
      if (performance.now() > deadline) throw this.error(`${what} took more than ${withinMs / 1000} s`)
      await delay(everyMs)
    }
  }

  /** Resolves when it has ended well; throws otherwise. */
  async finished(): Promise<void> {
    await this.#closed
    if (this.process.exitCode !== 0)
      throw this.error(`ended with ${this.process.exitCode ?? this.process.signalCode}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded()) return
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_WITHIN_MS)
    await this.#closed
    clearTimeout(timer)
  }

  error(what: string): Error {
    return new Error(`${this.name}: ${what}${this.#output === '' ? '' : `; it said:\n${this.#output}`}`)
  }

  #hasEnded(): boolean {
    const { pid, exitCode, signalCode } = this.process
    return pid === undefined || exitCode !== null || signalCode !== null
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
  }
}
