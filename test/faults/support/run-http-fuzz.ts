// Fuzzes the HTTP servers as a process of its own: <requests> <seed> [planted defect]. Prints JSON lines; the last is the report.
import { Socket } from 'node:net'
import { type Duplex, finished } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { Random } from '../../support/random.ts'
import { segmented } from './hostile-mutation.ts'
import { MemoryWatch, print, SpinWatch } from './hostile-watch.ts'
import { type HttpDefect, type HttpDoors, openHttpDoors } from './http-doors.ts'
import { type DoorName, httpCase } from './http-grammar.ts'

const ROUNDS = 20
const AT_ONCE = 12
const HONEST_EVERY = 200
const DELIVER_EVERY = 2000
const SPIN_MS = 10_000
/** No answer has to come within this time; the connection is then broken off, as a client may do. */
const PATIENCE_MS = 300
/** Doors of ten connections: a TLS handshake costs as much as many requests. */
const DOORS: readonly [DoorName, ...DoorName[]] = [
  'front',
  'front',
  'front',
  'page',
  'page',
  'page',
  'control',
  'control',
  'control',
  'control',
]

export interface HttpFuzzReport {
  readonly seed: number
  readonly requests: Readonly<Record<DoorName, number>>
  readonly honest: number
  readonly delivered: number
  readonly statuses: Readonly<Record<string, number>>
  readonly seconds: number
  readonly growth: { readonly heapMib: number; readonly rssMib: number }
  readonly peakRssMib: number
  /** The fault that was found, and the connections that were open then, in hex. */
  readonly fault?: string
  readonly lately?: readonly string[]
}

class HttpFuzz {
  readonly #requests: number
  readonly #seed: number
  readonly #watch = new SpinWatch(SPIN_MS)
  readonly #memory = new MemoryWatch()
  readonly #counts: Record<DoorName, number> = { front: 0, page: 0, control: 0 }
  readonly #statuses: Record<string, number> = {}
  readonly #lately: string[] = []
  readonly #startedMs = performance.now()
  #cases = 0
  #honest = 0
  #delivered = 0
  #fault: string | undefined

  constructor(requests: number, seed: number) {
    this.#requests = requests
    this.#seed = seed
    for (const event of ['uncaughtException', 'unhandledRejection'] as const)
      process.on(event, (error: unknown) => this.#note(`nobody caught ${String(error)}`))
    process.on('warning', (warning) => this.#note(`Node warns: ${warning.message}`))
  }

  async run(defect: HttpDefect | undefined): Promise<HttpFuzzReport> {
    const doors = await openHttpDoors((fault) => this.#note(fault), defect)
    for (let round = 1; round <= ROUNDS && this.#fault === undefined; round++) {
      const until = (this.#requests * round) / ROUNDS
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#play(doors, until)))
      print({ round, requests: this.#counts, ...(await this.#memory.mark()) })
    }
    await this.#watch.stop()
    return this.#report()
  }

  get #total(): number {
    return this.#counts.front + this.#counts.page + this.#counts.control
  }

  async #play(doors: HttpDoors, until: number): Promise<void> {
    while (this.#total < until && this.#fault === undefined) {
      const index = this.#cases++
      this.#watch.beat(0, index)
      const dice = new Random(this.#seed * 1_000_003 + index)
      const door = dice.pick(DOORS)
      const { bytes, requests } = httpCase(door, doors.means(), dice)
      this.#counts[door] += requests
      this.#remember(`${door} case ${index}: ${bytes.subarray(0, 2000).toString('hex')}`)
      this.#judge(await converse(doors.open[door](), segmented(bytes, dice), dice))
      if (index % HONEST_EVERY === 0) await this.#askHonestly(doors, index)
    }
  }

  async #askHonestly(doors: HttpDoors, index: number): Promise<void> {
    for (const fault of await doors.askHonestly()) this.#note(fault)
    this.#honest++
    if (index % DELIVER_EVERY !== 0) return
    for (const fault of await doors.deliverHonestly()) this.#note(fault)
    this.#delivered++
  }

  #judge(answer: string): void {
    if (answer !== '' && !/^HTTP\/1\.1 \d{3} /.test(answer)) this.#note(`no answer: ${answer.slice(0, 100)}`)
    for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
      this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
      if (status.startsWith('5') && status !== '507' && status !== '503')
        this.#note(`answered with ${status}`)
    }
  }

  #remember(text: string): void {
    this.#lately.push(text)
    if (this.#lately.length > AT_ONCE) this.#lately.shift()
  }

  #note(fault: string): void {
    this.#fault ??= fault
  }

  #report(): HttpFuzzReport {
    return {
      seed: this.#seed,
      requests: this.#counts,
      honest: this.#honest,
      delivered: this.#delivered,
      statuses: this.#statuses,
      seconds: Math.round(performance.now() - this.#startedMs) / 1000,
      growth: this.#memory.growth(),
      peakRssMib: this.#memory.peakRssMib,
      ...(this.#fault === undefined ? {} : { fault: this.#fault, lately: this.#lately }),
    }
  }
}

/** Sends the segments; then half-closes, resets in the middle or at the end, or waits. Resolves with all that came. */
async function converse(socket: Duplex, segments: readonly Buffer[], dice: Random): Promise<string> {
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  const gone = new Promise<void>((resolve) => finished(socket, () => resolve()))
  const patience = setTimeout(() => socket.destroy(), PATIENCE_MS)
  const ending = dice.below(6)
  const sent = ending === 0 ? segments.slice(0, dice.below(segments.length + 1)) : segments
  for (const segment of sent) {
    if (!socket.writable) break
    socket.write(segment)
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (ending === 0 || ending === 1) reset(socket)
  else if (ending < 5) socket.end()
  await gone
  clearTimeout(patience)
  socket.destroy()
  return Buffer.concat(pieces).toString('latin1')
}

/** A reset needs TCP without TLS; everywhere else the connection just breaks off. */
function reset(socket: Duplex): void {
  const isTcp = socket instanceof Socket && !(socket instanceof TLSSocket) && socket.remotePort !== undefined
  if (isTcp) socket.resetAndDestroy()
  else socket.destroy()
}

const [requests = '1000', seed = '1', defect] = process.argv.slice(2)
try {
  print(await new HttpFuzz(Number(requests), Number(seed)).run(defect as HttpDefect | undefined))
} catch (error) {
  print({ fault: `the fuzzer failed: ${String(error)}` })
}
process.exit()
