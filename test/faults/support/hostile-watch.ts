import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

/**
 * Kills this process when it has used a limit of processor time since {@link SpinWatch.beat} was last called: a loop
 * without an end blocks all else. Time on the clock would blame a busy machine.
 */
export class SpinWatch {
  readonly #beats = new BigInt64Array(new SharedArrayBuffer(16))
  readonly #worker: Worker

  constructor(limitMs: number) {
    this.#worker = new Worker(WATCHER, { eval: true, workerData: { beats: this.#beats, limitMs } })
    this.#worker.unref()
  }

  /** Says that a case begins, and how it is found again. */
  beat(round: number, run: number): void {
    this.#beats[0] = BigInt(round) * 1_000_000_000n + BigInt(run)
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}

const WATCHER = `
const { workerData: { beats, limitMs } } = require('node:worker_threads')
const usedMs = () => process.cpuUsage().user / 1000
let last, since = usedMs()
setInterval(() => {
  if (beats[0] !== last) [last, since] = [beats[0], usedMs()]
  else if (usedMs() - since > limitMs) {
    const [round, run] = [last / 1000000000n, last % 1000000000n]
    require('node:fs').writeSync(1, JSON.stringify({ fault: 'a loop without an end, in round ' + round + ' run ' + run }) + '\\n')
    process.kill(process.pid, 'SIGKILL')
  }
}, 100)`

/** Memory after each part of the run, all garbage gone. */
export class MemoryWatch {
  readonly #marks: { heapMib: number; rssMib: number }[] = []

  async mark(): Promise<{ heapMib: number; rssMib: number }> {
    // Memory that a first collection has found is given back a turn later.
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
    const { heapUsed, external, rss } = process.memoryUsage()
    const mark = { heapMib: round1((heapUsed + external) / 1_048_576), rssMib: round1(rss / 1_048_576) }
    this.#marks.push(mark)
    return mark
  }

  /** How much more the last quarter held than the second, both at their least: a leak raises that, a garbage collector does not. */
  growth(): { heapMib: number; rssMib: number } {
    const quarter = Math.floor(this.#marks.length / 4)
    const least = (from: number, kind: 'heapMib' | 'rssMib'): number =>
      Math.min(...this.#marks.slice(from, from + quarter).map((mark) => mark[kind]))
    const last = this.#marks.length - quarter
    return {
      heapMib: round1(least(last, 'heapMib') - least(quarter, 'heapMib')),
      rssMib: round1(least(last, 'rssMib') - least(quarter, 'rssMib')),
    }
  }

  get peakRssMib(): number {
    return round1(Math.max(...this.#marks.map(({ rssMib }) => rssMib)))
  }
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}

/** Whatever is printed while cases run is a fault; {@link print} still reaches the caller. */
export function forbidPrinting(noteFault: (fault: string) => void): void {
  const refuse = (text: unknown): boolean => {
    noteFault(`something was printed: ${String(text).slice(0, 200)}`)
    return true
  }
  process.stdout.write = refuse
  process.stderr.write = refuse
}

export function print(value: object): void {
  writeSync(1, `${JSON.stringify(value)}\n`)
}
