// Fuzzes the listener and the parsers as a process of its own: <cases> <seed> [planted defect]. Prints JSON lines; the last is the report.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { prepareLibrary } from '../../../src/dimse/dcmjs/library.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { Random } from '../../support/random.ts'
import { type HostileCase, readCase, writeCase } from './hostile-case.ts'
import { conversation, honestConversation, noise } from './hostile-conversation.ts'
import { dataSet } from './hostile-data-set.ts'
import { HostileListener } from './hostile-listener.ts'
import { mutate } from './hostile-mutation.ts'
import { faultOf, type HostileParser, PARSERS } from './hostile-parsers.ts'
import type { Defect } from './hostile-sink.ts'
import { shrink, variants } from './hostile-variants.ts'
import { forbidPrinting, MemoryWatch, print, SpinWatch } from './hostile-watch.ts'

const CORPUS = join(import.meta.dirname, '../corpus')
/** Shares of each thousand cases: whole connections in memory, connections by TCP; the others go to the parsers. */
const IN_MEMORY = 400
const BY_TCP = 5
const VARIANTS = 10
const ROUNDS = 20
const HONEST_EVERY = 500
const SPIN_MS = 3000

export interface FuzzReport {
  readonly seed: number
  readonly cases: {
    readonly inMemory: number
    readonly byTcp: number
    readonly parsers: number
    readonly corpus: number
  }
  readonly honest: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly growth: { readonly heapMib: number; readonly rssMib: number }
  readonly peakRssMib: number
  /** The fault that was found, and the smallest case that shows it in the form of test/faults/corpus. */
  readonly fault?: string
  readonly smallest?: string
}

class FuzzRun {
  readonly #cases: number
  readonly #seed: number
  readonly #defect: Defect | undefined
  #listener: HostileListener
  readonly #parsers: readonly HostileParser[]
  readonly #watch = new SpinWatch(SPIN_MS)
  readonly #memory = new MemoryWatch()
  readonly #counts = { inMemory: 0, byTcp: 0, parsers: 0, corpus: 0 }
  readonly #startedMs = performance.now()
  readonly #honestDataSets = [inventedInstance(300).dataSet, inventedInstance(90_000).dataSet]
  #honest = 0
  #round = 0
  #shrinks = 1_000_000
  #found: { fault: string; smallest?: string } | undefined

  constructor(cases: number, seed: number, defect: Defect | undefined) {
    this.#cases = cases
    this.#seed = seed
    this.#defect = defect
    this.#listener = new HostileListener(defect)
    this.#parsers = defect === 'misreads' ? [...PARSERS, PLANTED] : PARSERS
    for (const event of ['uncaughtException', 'unhandledRejection'] as const)
      process.on(event, (error: unknown) => this.#listener.noteFault(`nobody caught ${String(error)}`))
    forbidPrinting((fault) => this.#listener.noteFault(fault))
  }

  async run(): Promise<FuzzReport> {
    // A planted defect is to be found by what chance makes, and made small.
    if (this.#defect === undefined) await this.#replay()
    for (this.#round = 1; this.#round <= ROUNDS && this.#found === undefined; this.#round++) {
      await this.#playRound(Math.ceil(this.#cases / ROUNDS))
      print({ round: this.#round, cases: this.#counts, ...(await this.#memory.mark()) })
    }
    await this.#watch.stop()
    return this.#report()
  }

  /** Runs the cases that once failed: they must not fail again. */
  async #replay(): Promise<void> {
    for (const name of readdirSync(CORPUS).filter((one) => one.endsWith('.case'))) {
      const hostile = readCase(readFileSync(join(CORPUS, name), 'utf8'))
      const faults = await this.#play(hostile)
      this.#counts.corpus++
      if (faults.length > 0) this.#found = { fault: `${name}: ${faults.join('; ')}` }
    }
  }

  async #playRound(cases: number): Promise<void> {
    const bases = (share: number): number => Math.max(1, Math.round((cases * share) / 1000 / VARIANTS))
    const seeded = fc.record({ bytes: whatPeersSend(), seed: fc.nat() })
    const memory = fc.asyncProperty(seeded, async (base) => {
      for (const hostile of variants(base, VARIANTS)) await this.#hold(hostile, 'inMemory')
    })
    const tcp = fc.asyncProperty(seeded, async (base) => {
      for (const hostile of variants(base, VARIANTS)) await this.#hold({ ...hostile, ...CLOSING }, 'byTcp')
    })
    // Cases that fail there are made small by their bytes.
    await this.#check(memory, { numRuns: bases(IN_MEMORY), endOnFailure: true })
    await this.#check(tcp, { numRuns: bases(BY_TCP), endOnFailure: true })
    await this.#check(this.#parsing(), { numRuns: bases(1000 - IN_MEMORY - BY_TCP) })
  }

  #parsing(): fc.IAsyncProperty<[HostileParser, Buffer, number]> {
    return fc.asyncProperty(
      fc.constantFrom(...this.#parsers),
      dataSet,
      fc.nat(),
      async (parser, bytes, seed) => {
        const dice = new Random(seed)
        const good = parser.good?.[dice.below(parser.good.length)] ?? bytes
        for (let variant = 0; variant < VARIANTS; variant++) {
          this.#watch.beat(this.#round, ++this.#counts.parsers)
          const changed = variant === 0 ? good : mutate(good, dice)
          const fault = faultOf(parser, changed, dice)
          if (fault !== undefined) throw new Error(`${fault}, of ${changed.toString('hex')}`)
        }
      },
    )
  }

  async #check<Values>(property: fc.IAsyncProperty<Values>, size: fc.Parameters<Values>): Promise<void> {
    if (this.#found !== undefined) return
    const result = await fc.check(property, { ...size, seed: this.#seed * ROUNDS + this.#round })
    if (!result.failed || this.#found !== undefined) return
    this.#found = { fault: String(result.errorInstance) }
  }

  /** A case and, now and then, an honest peer behind it. The first one that fails is made small here. */
  async #hold(hostile: HostileCase, level: 'inMemory' | 'byTcp'): Promise<void> {
    this.#counts[level]++
    const faults = await this.#play(hostile, level)
    if (faults.length > 0) {
      const attempts = this.#defect === undefined ? 5000 : 300
      const smallest = await shrink(hostile, (one) => this.#fails(one), attempts)
      this.#fail({ fault: faults.join('; '), smallest: writeCase(smallest) })
    }
    // A planted defect is to be found by what is hostile.
    if (this.#counts[level] % HONEST_EVERY === 0 && this.#defect === undefined)
      await this.#askHonestly(hostile)
  }

  async #askHonestly(hostile: HostileCase): Promise<void> {
    this.#honest++
    const faults = await this.#play(honestConversation(this.#honestDataSets))
    if (faults.length > 0)
      this.#fail({ fault: `an honest peer behind it: ${faults.join('; ')}`, smallest: writeCase(hostile) })
  }

  #fail(found: { fault: string; smallest: string }): never {
    this.#found ??= found
    throw new Error(found.fault)
  }

  #play(hostile: HostileCase, level: 'inMemory' | 'byTcp' = 'inMemory'): Promise<string[]> {
    this.#watch.beat(this.#round, this.#counts.inMemory + this.#counts.byTcp)
    return level === 'byTcp' ? this.#listener.playOverTcp(hostile) : this.#listener.play(hostile)
  }

  /** A listener that has failed once is not asked again. */
  async #fails(hostile: HostileCase): Promise<boolean> {
    this.#watch.beat(this.#round, ++this.#shrinks)
    this.#listener = new HostileListener(this.#defect)
    return (await this.#listener.play(hostile)).length > 0
  }

  #report(): FuzzReport {
    const { user, system } = process.cpuUsage()
    return {
      seed: this.#seed,
      cases: this.#counts,
      honest: this.#honest,
      seconds: Math.round(performance.now() - this.#startedMs) / 1000,
      cpuSeconds: (user + system) / 1e6,
      growth: this.#memory.growth(),
      peakRssMib: this.#memory.peakRssMib,
      ...this.#found,
    }
  }
}

const CLOSING = { ending: 'close' } as const

/** A reader with a fault of the kind that is looked for. */
const PLANTED: HostileParser = {
  name: 'planted',
  good: [Buffer.of(4, 1, 2, 3, 4)],
  read: (bytes) => bytes.readUInt8(bytes.readUInt8(0)),
}

function readHex(path: string): Buffer {
  return Buffer.from(readFileSync(path, 'latin1').replaceAll('\n', ''), 'hex')
}

/** Recordings are of DCMTK's tools, sending to this listener. */
function whatPeersSend(): fc.Arbitrary<Buffer> {
  const recordings = readdirSync(CORPUS).filter((name) => name.endsWith('.recording'))
  const recorded = recordings.map((name) => readHex(join(CORPUS, name)))
  return fc.oneof(
    { weight: 7, arbitrary: conversation },
    { weight: 2, arbitrary: fc.constantFrom(...recorded) },
    { weight: 1, arbitrary: noise },
  )
}

Error.stackTraceLimit = 0
prepareLibrary()
const [cases = '1000', seed = '1', defect] = process.argv.slice(2)
print(await new FuzzRun(Number(cases), Number(seed), defect as Defect | undefined).run())
// Work that a planted defect has left hanging does not keep the process alive.
process.exit()
