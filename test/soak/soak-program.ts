import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningProgram, startProgram } from '../support/programs/child-process.ts'

interface SoakProgramOptions {
  readonly name: 'agent' | 'center'
  /** Takes its settings and its log. */
  readonly folder: string
  readonly settings: (port: number) => object
  /** It ended without being asked to, or did not end when asked. */
  readonly onTrouble: (words: string) => void
}

const STOPS_WITHIN_MS = 90_000
const LAST_LINES = 12

/** The agent or the center as a process that is started, ended, killed and frozen; it keeps its port. */
export class SoakProgram implements AsyncDisposable {
  readonly name: 'agent' | 'center'
  readonly #options: SoakProgramOptions
  #running: RunningProgram | undefined
  #port = 0
  starts = 0

  constructor(options: SoakProgramOptions) {
    this.name = options.name
    this.#options = options
  }

  get port(): number {
    return this.#port
  }

  get pid(): number | undefined {
    return this.#running?.child.pid
  }

  async start(): Promise<void> {
    const { folder, name, settings, onTrouble } = this.#options
    const logFile = join(folder, `${name}.log`)
    const log = openSync(logFile, 'a')
    try {
      const settingsFile = join(folder, `${name}.json`)
      const running = await startProgram(`run-${name}`, settingsFile, settings(this.#port), { stderr: log })
      this.#running = running
      this.#port = running.port
      this.starts++
      running.child.once('exit', (code, signal) => {
        if (this.#running === running) onTrouble(`the ${name} ended by itself with ${code ?? signal}`)
      })
    } catch (cause) {
      const words = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n')
      throw new Error(`the ${name} could not be started; ${logFile} ends with\n${words}`, { cause })
    } finally {
      closeSync(log)
    }
  }

  /** As a power button would. */
  async kill(): Promise<void> {
    await this.#take()?.kill()
  }

  /** As a service manager does it. */
  async stop(): Promise<void> {
    const running = this.#take()
    if (running === undefined) return
    const tooLate = setTimeout(() => {
      this.#options.onTrouble(`the ${this.name} did not stop within ${STOPS_WITHIN_MS / 1000} s`)
      void running.kill()
    }, STOPS_WITHIN_MS)
    await running.stop()
    clearTimeout(tooLate)
  }

  /** It gets no processor for this time, as on a machine that swaps or a guest that is moved. */
  async freeze(ms: number, signal: AbortSignal): Promise<void> {
    const { pid } = this
    if (pid === undefined) return
    process.kill(-pid, 'SIGSTOP')
    await sleep(ms, undefined, { signal }).catch(() => {})
    process.kill(-pid, 'SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #take(): RunningProgram | undefined {
    const running = this.#running
    this.#running = undefined
    return running
  }
}
