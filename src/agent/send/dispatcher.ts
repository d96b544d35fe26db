import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { Deliveries } from '../queue/deliveries.ts'
import type { DestinationTrouble } from '../queue/destination-trouble.ts'
import type { FailedRequests } from '../queue/failed-requests.ts'
import type { PackChoice, PackLimits, PackRecord, Packs } from '../queue/packs.ts'
import type { Destination } from './destination.ts'
import { Gathering } from './gathering.ts'
import { TransferRate } from './transfer-rate.ts'

const FIRST_MS = 1000
/** Maximum time until a destination that answers again is noticed. */
const WAIT_CAP_MS = 30_000
/** If a person must act first, asking more often does not help. */
const OPERATOR_CAP_MS = 120_000
const IDLE_MS = 60_000
/** Maximum time that an instance waits for others of its study. */
const LINGER_MS = 500
/** Uploads of studies with priority, in addition to the others, so that they wait for no place. */
const PRIORITY_UPLOADS = 1
/** One of this many packs is formed of the study that has waited longest; the others are of the newest one. */
const OLDEST_EVERY = 3

/** Work that becomes due for another stage. */
export interface DispatcherHints {
  /** A pack of a study arrived at the destination, which took this many of its instances. */
  delivered(studyInstanceUid: string, instances: number): void
}

interface DispatcherOptions {
  destination: Destination
  packs: Packs
  deliveries: Deliveries
  destinationTrouble: DestinationTrouble
  failedRequests: FailedRequests
  clock: Clock
  log: Log
  limits: PackLimits
  /** Maximum number of packs sent at once. */
  uploads: number
  hints: DispatcherHints
}

/** Bytes are those of packs, as they are on the line. */
interface Transfer {
  readonly bytesPerSecond: number | null
  readonly packs: readonly {
    readonly studyInstanceUid: string
    readonly instances: number
    readonly bytes: number
    readonly reachedBytes: number
  }[]
}

interface PackOnItsWay {
  readonly pack: PackRecord
  /** Number of failures since sending last made progress. */
  failures: number
  reachedBytes: number
  /** The earliest time of the next attempt, on the monotonic clock. */
  dueMs: number
}

/**
 * Sends everything that is queued for one destination, continuously. While the destination is in trouble only one probe
 * is tried, at growing intervals; when it succeeds everything continues at once, each pack from its last offset.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #wake: Wake
  readonly #gathering: Gathering
  readonly #running = new Set<Promise<void>>()
  readonly #ways = new Set<PackOnItsWay>()
  readonly #rate: TransferRate
  /** Interrupted packs; each continues when its own time has come, before new ones are formed. */
  #broken: PackOnItsWay[] = []
  #formed = 0
  #trouble: { failure: Failure; attempts: number; probeAtMs: number } | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
    this.#gathering = new Gathering(options.clock, LINGER_MS, options.limits.bytes)
    this.#rate = new TransferRate(options.clock)
  }

  /** Packs that are being sent now, how far each is, and the rate of all. */
  get transfer(): Transfer {
    const packs = Array.from(this.#ways, ({ pack: { header }, reachedBytes }) => ({
      studyInstanceUid: header.study,
      instances: header.members.length,
      bytes: bytesOf(header),
      reachedBytes,
    }))
    return { bytesPerSecond: this.#rate.bytesPerSecond, packs }
  }

  /** Called after an instance of `bytes` bytes was queued. */
  queued(studyInstanceUid: string, bytes: number, hasPriority = false): void {
    if (this.#gathering.add(studyInstanceUid, bytes, hasPriority)) this.wake()
  }

  /** Looks for work now, because a time has come or an operator requested a retry. */
  wake(): void {
    this.#wake.call()
  }

  /**
   * Probes the destination now, because an operator or another sign suggests that it is back. Returns how many
   * instances are in interrupted packs of the study, or of all studies.
   */
  probeNow(studyInstanceUid?: string): number {
    if (this.#trouble !== undefined) this.#trouble.probeAtMs = 0
    let woken = 0
    for (const broken of this.#broken) {
      broken.dueMs = 0
      const { study, members } = broken.pack.header
      if (studyInstanceUid === undefined || study === studyInstanceUid) woken += members.length
    }
    this.wake()
    return woken
  }

  /**
   * Called if another part found the destination in trouble: it is shown and probed, even if nothing waits to be sent.
   */
  foundInTrouble(failure: Failure): void {
    if (this.#trouble !== undefined) return
    this.#setTrouble(failure, 0)
    this.wake()
  }

  /** Runs until aborted; then waits for the running packs. */
  async run(signal: AbortSignal): Promise<void> {
    const { destination, packs } = this.#options
    // Run again after a fault, it must not offer what is still under way.
    await Promise.all(this.#running)
    this.#trouble = undefined
    this.#options.destinationTrouble.clear(destination.name)
    this.#broken = packs.unfinished(destination.name).map(atItsStart)
    while (!signal.aborted) {
      if (this.#trouble !== undefined) await this.#probe(this.#trouble, signal)
      else if (!this.#startNext(signal)) await this.#wake.wait(this.#idleMs(), signal)
    }
    await Promise.all(this.#running)
  }

  /** Starts the next pack if there is one and a place is free. */
  #startNext(signal: AbortSignal): boolean {
    const { uploads } = this.#options
    if (this.#running.size >= uploads + PRIORITY_UPLOADS) return false
    const first = this.#takeBroken(true) ?? this.#form('priority')
    const way = first ?? (this.#running.size < uploads ? this.#takeAny() : undefined)
    if (way === undefined) return false
    this.#ways.add(way)
    this.#rate.begin()
    const sending = this.#send(way, signal).finally(() => {
      this.#running.delete(sending)
      this.#ways.delete(way)
      if (this.#ways.size === 0) this.#rate.end()
      this.wake()
    })
    this.#running.add(sending)
    return true
  }

  /** A line that breaks every minute is still usable if some bytes get through. */
  #cameTo(way: PackOnItsWay, bytes: number): void {
    if (bytes <= way.reachedBytes) return
    way.reachedBytes = bytes
    way.failures = 0
    this.#options.failedRequests.succeeded('pack', way.pack.header.study)
  }

  #takeAny(): PackOnItsWay | undefined {
    const broken = this.#takeBroken(false)
    if (broken !== undefined) return broken
    this.#formed++
    return this.#form(this.#formed % OLDEST_EVERY === 0 ? 'oldest' : 'newest')
  }

  #takeBroken(hasPriority: boolean): PackOnItsWay | undefined {
    const now = this.#options.clock.monotonicMs()
    const place = this.#broken.findIndex(
      ({ dueMs, pack }) => dueMs <= now && pack.hasPriority === hasPriority,
    )
    return place === -1 ? undefined : this.#broken.splice(place, 1)[0]
  }

  #form(choice: PackChoice): PackOnItsWay | undefined {
    const { destination, packs, limits } = this.#options
    const pack = packs.formNext(destination.name, limits, this.#gathering.waiting().studies, choice)
    if (pack === undefined) return undefined
    this.#gathering.taken(pack.header.study)
    return atItsStart(pack)
  }

  /** Never rejects: a fault of one pack does not affect the others. */
  async #send(way: PackOnItsWay, signal: AbortSignal): Promise<void> {
    const { destination, packs, failedRequests, log, hints } = this.#options
    const { pack } = way
    const { header } = pack
    try {
      // The first report says how much had arrived before.
      let isFirst = true
      const reached = (bytes: number): void => {
        if (!isFirst) this.#rate.add(Math.max(0, bytes - way.reachedBytes))
        isFirst = false
        this.#cameTo(way, bytes)
      }
      const outcomes = await destination.deliver(pack, reached, signal)
      packs.settle(destination.name, header.pack, outcomes)
      failedRequests.succeeded('pack', header.study)
      for (const { ulid, outcome, failure } of outcomes) {
        if (outcome === 'delivered') continue
        log.warn('instance not delivered', { ulid, outcome, code: failure?.code, reason: failure?.message })
      }
      log.debug('pack delivered', {
        destination: destination.name,
        pack: header.pack,
        members: outcomes.length,
      })
      hints.delivered(header.study, outcomes.filter(({ outcome }) => outcome === 'delivered').length)
    } catch (error) {
      if (signal.aborted) return
      const failure = failureFrom(error, 'INTERNAL', `sending to ${destination.name}`)
      if (failure.remedy !== 'none' || !this.#hold(pack, failure)) this.#broke(way, failure)
    }
  }

  /** The destination will never accept this pack: it is held for an operator, and the other packs continue. */
  #hold(pack: PackRecord, failure: Failure): boolean {
    const { destination, packs, failedRequests, log } = this.#options
    const { members, pack: name } = pack.header
    const held = members.map(({ ulid }) => ({ ulid, outcome: 'held' as const, failure }))
    const isHeld = this.#writeDown(() => packs.settle(destination.name, name, held))
    if (isHeld) failedRequests.succeeded('pack', pack.header.study)
    log.error('pack refused', {
      pack: name,
      members: members.length,
      code: failure.code,
      reason: failure.message,
    })
    return isHeld
  }

  /**
   * The pack is sent again from its last offset, with a growing delay while it makes no progress, so that one that
   * always fails delays no other. A probe finds out whether the destination as a whole is in trouble.
   */
  #broke(way: PackOnItsWay, failure: Failure): void {
    const { destination, packs, failedRequests, clock } = this.#options
    const { pack, failures } = way
    const delay = failures === 0 ? 0 : backoffMs(failures, FIRST_MS, OPERATOR_CAP_MS)
    this.#broken.push({ ...way, failures: failures + 1, dueMs: clock.monotonicMs() + delay })
    const nextAttemptAt = clock.now() + delay
    this.#writeDown(() => packs.postpone(destination.name, pack.header.pack, failure, nextAttemptAt))
    failedRequests.failed('pack', pack.header.study, failure, nextAttemptAt)
    if (this.#trouble === undefined) this.#setTrouble(failure, 0)
  }

  /** Writing a record that is only shown to people may fail (a full disk) without ending the work. */
  #writeDown(write: () => void): boolean {
    try {
      write()
      return true
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'writing down the state of a pack')
      this.#options.log.error('state of a pack not written down', { code, reason: message })
      return false
    }
  }

  #setTrouble(failure: Failure, attempts: number): void {
    const { destination, clock, destinationTrouble, log } = this.#options
    const delay = backoffMs(attempts, FIRST_MS, failure.remedy === 'wait' ? WAIT_CAP_MS : OPERATOR_CAP_MS)
    const isNew = this.#trouble?.failure.code !== failure.code
    this.#trouble = { failure, attempts, probeAtMs: clock.monotonicMs() + delay }
    this.#writeDown(() => destinationTrouble.set(destination.name, failure, attempts, clock.now() + delay))
    const fields = {
      destination: destination.name,
      code: failure.code,
      reason: failure.message,
      delayMs: delay,
    }
    if (isNew && failure.remedy !== 'wait') log.error('destination needs an operator', fields)
    else log.warn('destination cannot be reached', fields)
  }

  async #probe(trouble: { attempts: number; probeAtMs: number }, signal: AbortSignal): Promise<void> {
    const { destination, clock, destinationTrouble, log } = this.#options
    const delay = trouble.probeAtMs - clock.monotonicMs()
    if (delay > 0) return this.#wake.wait(delay, signal)
    try {
      await destination.probe(signal)
      this.#trouble = undefined
      destinationTrouble.clear(destination.name)
      log.info('destination answers again', { destination: destination.name })
    } catch (error) {
      if (signal.aborted) return
      this.#setTrouble(failureFrom(error, 'INTERNAL', `asking ${destination.name}`), trouble.attempts + 1)
    }
  }

  /** Time until the next delivery that waits for its time. */
  #idleMs(): number {
    const { destination, deliveries, clock } = this.#options
    const { studies, untilMs } = this.#gathering.waiting()
    if (this.#running.size >= this.#options.uploads) return Math.min(IDLE_MS, untilMs) + 5
    const due = deliveries.nextDue(destination.name, studies)
    const dueMs = due === undefined ? IDLE_MS : Math.max(0, due - clock.now())
    const brokenMs = this.#broken.map((broken) => Math.max(0, broken.dueMs - clock.monotonicMs()))
    return Math.min(IDLE_MS, dueMs, untilMs, ...brokenMs) + 5
  }
}

const bytesOf = ({ members }: PackRecord['header']): number =>
  members.reduce((sum, { bytes }) => sum + bytes, 0)

const atItsStart = (pack: PackRecord): PackOnItsWay => ({ pack, failures: 0, reachedBytes: 0, dueMs: 0 })
