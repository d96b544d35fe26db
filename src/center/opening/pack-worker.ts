import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { MemberAnswer, Refusal } from '../../protocol/center-api.ts'
import type { DiskSpace } from '../disk/disk-space.ts'
import type { PackRow, PacsTerms } from '../register/register.ts'
import type { PackStore } from '../store/pack-store.ts'
import type { StoreWatch } from '../store/store-watch.ts'
import { AgentTurns } from './agent-turns.ts'
import type { OpeningOptions } from './open-member.ts'
import { type OpenedPack, openPack } from './open-pack.ts'

/** The answer in a pack's row: every member's result, or why the pack as a whole is refused or must be sent again. */
export type SettledPack =
  | { readonly members: readonly MemberAnswer[] }
  | { readonly refused: Refusal }
  | { readonly damaged: string }

/** A pack whose processing is complete except for the record. */
interface OpenedWhole {
  readonly answer: SettledPack
  readonly stored: OpenedPack['stored']
}

interface PackWorkerOptions extends OpeningOptions {
  readonly watch: StoreWatch
  readonly packs: PackStore
  readonly space: DiskSpace
  readonly clock: Clock
  readonly log: Log
  /** Decides which of the new instances are handed on. */
  readonly pacs: PacsTerms
  /** Called after instances have been stored. */
  readonly onStored: () => void
  /** Called once a pack is complete. `refusalBytes` is the size of an answer about members that were not stored. */
  readonly onAnswered: (uploadId: string, agent: string, refusalBytes: number) => void
}

/**
 * Two of one agent, so that one very large instance does not delay the rest; three, so that another agent has a place.
 */
const PACKS_AT_ONCE = 3
const OF_ONE_AGENT = 2
const FIRST_RETRY_MS = 2_000
const LAST_RETRY_MS = 5 * 60_000
/** Delay while the store is missing; the watch has already reported that. */
const STORE_RETRY_MS = 10_000
/** Room may return at any time, and looking for it costs nothing. */
const LAST_LOOK_FOR_ROOM_MS = 15_000
/** Approximate rows of one instance, counted again in the log of the database. */
const ROW_BYTES = 1024
const REGISTER_FACTOR = 2

/**
 * Opens whole packs, by agent in turn and for each agent in the order in which they became whole. A crash may cut the
 * order of writing at any point: instances durable, rows and answer in one commit, only then the pack is removed. A
 * pack without an answer is simply opened again.
 */
export class PackWorker {
  readonly #options: PackWorkerOptions
  readonly #stop = new AbortController()
  readonly #waiting = new AgentTurns<string>()
  readonly #runningOf = new Map<string, number>()
  /** Waiting, being opened, or to be tried again. */
  readonly #known = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  readonly #attempts = new Map<string, number>()
  /** Opened, with every file durable, and not yet in the register. */
  readonly #opened = new Map<string, OpenedWhole>()
  readonly #onAnswered = new Map<string, Set<() => void>>()

  constructor(options: PackWorkerOptions) {
    this.#options = options
  }

  /** Takes a whole, durable pack; taking it twice is harmless. */
  add(uploadId: string, agent: string): void {
    if (this.#known.has(uploadId)) return
    this.#known.add(uploadId)
    this.#queue(uploadId, agent)
  }

  /** Resolves when the pack has been answered, or after `waitMs`, or when the signal is aborted. */
  answered(uploadId: string, waitMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#known.has(uploadId) || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const listeners = this.#onAnswered.get(uploadId) ?? new Set()
      this.#onAnswered.set(uploadId, listeners)
      const done = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', done)
        listeners.delete(done)
        if (listeners.size === 0) this.#onAnswered.delete(uploadId)
        resolve()
      }
      const timer = this.#options.clock.after(waitMs, done)
      signal.addEventListener('abort', done)
      listeners.add(done)
    })
  }

  /** Aborts the current work and removes its files; it is repeated at the next start. */
  async close(): Promise<void> {
    this.#stop.abort(new Failure('NOT_RUNNING', 'opening packs: the center is closing'))
    await Promise.all(this.#running)
  }

  #queue(uploadId: string, agent: string): void {
    this.#waiting.push(agent, uploadId)
    this.#startMore()
  }

  #startMore(): void {
    while (this.#running.size < PACKS_AT_ONCE && !this.#stop.signal.aborted) {
      const next = this.#waiting.shift((agent) => this.#countOf(agent) < OF_ONE_AGENT)
      if (next === undefined) return
      const { agent, item: uploadId } = next
      this.#runningOf.set(agent, this.#countOf(agent) + 1)
      const run = this.#work(uploadId, agent).finally(() => {
        this.#running.delete(run)
        this.#ended(agent)
        this.#startMore()
      })
      this.#running.add(run)
    }
  }

  #countOf(agent: string): number {
    return this.#runningOf.get(agent) ?? 0
  }

  #ended(agent: string): void {
    const left = this.#countOf(agent) - 1
    if (left === 0) this.#runningOf.delete(agent)
    else this.#runningOf.set(agent, left)
  }

  /** Never rejects. */
  async #work(uploadId: string, agent: string): Promise<void> {
    try {
      const pack = await this.#options.register.packs.find(uploadId)
      const refusalBytes = pack?.answer === null ? await this.#open(pack) : 0
      this.#options.onAnswered(uploadId, agent, refusalBytes)
      this.#known.delete(uploadId)
      this.#attempts.delete(uploadId)
      for (const done of this.#onAnswered.get(uploadId) ?? []) done()
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#tryLater(uploadId, agent, error)
    }
  }

  async #open(pack: PackRow): Promise<number> {
    // While the register cannot be written, another attempt must not fill the disk with one more copy each time.
    const opened = this.#opened.get(pack.uploadId) ?? (await this.#openFile(pack))
    this.#opened.set(pack.uploadId, opened)
    const answer = JSON.stringify(opened.answer)
    await this.#settle(pack, opened, answer)
    this.#opened.delete(pack.uploadId)
    await this.#options.packs.remove(pack.uploadId)
    const members = 'members' in opened.answer ? opened.answer.members.length : 0
    return members > 0 && opened.stored.length === members ? 0 : answer.length
  }

  /** Its instances need room in addition to the pack; without room the pack waits. Throws STORAGE_FULL. */
  async #openFile(pack: PackRow): Promise<OpenedWhole> {
    const { packs, watch, space } = this.#options
    await watch.check()
    using held = new DisposableStack()
    held.use(await space.take({ instances: pack.bytes }, 'opening a pack'))
    const handle = await packs.openToRead(pack.uploadId)
    try {
      const { answers, stored } = await openPack(pack, handle, this.#options, this.#stop.signal)
      // If the disk was unmounted meanwhile, files may have been written to its mount point: none of them counts.
      await watch.check()
      return { answer: { members: answers }, stored }
    } catch (error) {
      return { answer: answerToBad(error), stored: [] }
    } finally {
      await handle.close()
    }
  }

  async #settle(pack: PackRow, { answer, stored }: OpenedWhole, json: string): Promise<void> {
    const { register, store, space, clock, log, pacs, onStored } = this.#options
    const need = { register: REGISTER_FACTOR * (json.length + stored.length * ROW_BYTES) }
    using held = new DisposableStack()
    held.use(await space.take(need, 'entering a pack into the register'))
    const terms = { now: clock.now(), pacs }
    const { superfluous, healed } = await register.instances.settle(pack, json, stored, terms)
    for (const { file, damagedFile } of healed)
      log.warn('a lost instance was brought again', { agent: pack.agent, file, damagedFile })
    for (const file of superfluous) await store.remove(file)
    const files = stored.flatMap(({ file }) => file ?? [])
    await store.settled(files, (file) => register.instances.names(file))
    const all = 'members' in answer ? answer.members.length : 0
    log.info('pack opened', {
      agent: pack.agent,
      pack: pack.pack,
      stored: stored.length,
      notStored: all - stored.length,
      ...('damaged' in answer && { damaged: answer.damaged }),
    })
    if (stored.length > 0) onStored()
  }

  #tryLater(uploadId: string, agent: string, error: unknown): void {
    const { clock, log } = this.#options
    if (error instanceof Failure && error.code === 'STORE_MISSING') {
      clock.after(STORE_RETRY_MS, () => this.#queue(uploadId, agent))
      return
    }
    const attempt = this.#attempts.get(uploadId) ?? 0
    this.#attempts.set(uploadId, attempt + 1)
    const { code, message, remedy } = failureFrom(error, 'INTERNAL', 'opening a pack')
    const lastMs = code === 'STORAGE_FULL' ? LAST_LOOK_FOR_ROOM_MS : LAST_RETRY_MS
    const delayMs = backoffMs(attempt, FIRST_RETRY_MS, lastMs)
    const fields = { uploadId, code, reason: message, delayMs }
    if (remedy === 'wait') log.warn('pack cannot be opened yet, it is kept and tried again', fields)
    else log.error('pack could not be opened, it is kept and tried again', fields)
    clock.after(delayMs, () => this.#queue(uploadId, agent))
  }
}

/** Returns the answer to a pack that cannot be read as a whole; throws faults that are not the pack's. */
function answerToBad(error: unknown): SettledPack {
  if (!(error instanceof Failure)) throw error
  const { code, message } = error
  if (code === 'PACK_DAMAGED') return { damaged: message }
  if (code === 'PACK_INVALID') return { refused: { code, message } }
  throw error
}
