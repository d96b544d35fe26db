import { createHash } from 'node:crypto'
import { failureReason } from '../dicomweb/failure-reason.ts'
import type { StowAnswer, StowOutcome } from '../dicomweb/stow-answer.ts'
import type { StowInstance } from '../dicomweb/stow-client.ts'
import type { WadoAnswer, WadoInstance } from '../dicomweb/wado-client.ts'
import { backoffMs } from '../platform/backoff.ts'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import { Wake } from '../platform/wake.ts'
import { compareCopy } from './compare-copy.ts'
import type { InstanceStore } from './instance-store.ts'
import type { HandOnInstance, HandOnOutcome, HandOnRegister, NoteName, NoteRegister } from './register.ts'
import type { StoredFiles } from './stored-files.ts'

/** Where instances are handed on to. Throws what stood in the way on this side; what the PACS says is an answer. */
export interface Pacs {
  readonly store: (instances: readonly StowInstance[], signal: AbortSignal) => Promise<StowAnswer>
  /** The copy that it has of an instance. */
  readonly copyOf: (instance: WadoInstance, signal: AbortSignal) => Promise<WadoAnswer>
}

export interface HandOnMeans {
  readonly pacs: Pacs
  readonly handOn: HandOnRegister
  readonly notes: NoteRegister
  readonly store: InstanceStore
  readonly files: StoredFiles
  readonly clock: Clock
  readonly log: Log
}

const BATCH = { instances: 100, bytes: 32 * 1024 * 1024 }
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 10 * 60_000
/** An operator in another process may have made something due. */
const LOOK_EVERY_MS = 15_000

/**
 * Hands stored instances on to the PACS, study by study, until it has each one or has said why not. The queue is in the
 * register: nothing is forgotten, and nothing waits for it. Where the PACS is away, all of it waits; where it refuses a
 * request, the instances travel alone from then on, so that one bad one is found and holds up no other.
 */
export class HandOn {
  readonly #means: HandOnMeans
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  readonly #wake: Wake
  #pauses = 0
  /** The note that the register has; undefined until the PACS was asked, since an earlier process may have left one. */
  #noted: NoteName | null | undefined

  constructor(means: HandOnMeans) {
    this.#means = means
    this.#wake = new Wake(means.clock)
    this.#running = this.#run()
  }

  /** Something new may be due. */
  wake(): void {
    this.#wake.call()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { log } = this.#means
    while (!this.#stop.signal.aborted) {
      try {
        const batch = await this.#means.handOn.due(this.#means.clock.now(), BATCH)
        if (batch.length > 0) await this.#send(batch)
        else await this.#idle()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        const { code, message } = failureFrom(error, 'INTERNAL', 'handing instances on to the PACS')
        // The watch over the store has said it already.
        if (code !== 'STORE_MISSING') log.error('handing on failed', { code, reason: message })
        await this.#pause()
      }
    }
  }

  async #send(due: readonly HandOnInstance[]): Promise<void> {
    const lost = await this.#means.files.lost(due)
    const batch = due.filter(({ id }) => !lost.has(id))
    if (batch.length === 0) return
    const answer = await this.#ask(batch)
    await this.#note(answer.kind === 'unavailable' ? answer.failure : undefined)
    switch (answer.kind) {
      case 'answered':
        this.#pauses = 0
        return this.#settleAnswered(batch, answer.outcomes)
      case 'refused':
        this.#pauses = 0
        return this.#settle(
          batch.map((instance) => this.#refused(instance, answer.failure, batch.length === 1)),
        )
      case 'unavailable':
        return this.#wait(batch, answer.failure)
    }
  }

  /** An instance that can't be read here is treated as if the PACS had refused it: it is found, and holds up no other. */
  async #ask(batch: readonly HandOnInstance[]): Promise<StowAnswer> {
    const instances = batch.map((instance) => ({
      sopInstanceUid: instance.sopInstanceUid,
      bytes: instance.fileBytes,
      content: () => this.#verified(instance),
    }))
    try {
      return await this.#means.pacs.store(instances, this.#stop.signal)
    } catch (error) {
      if (this.#stop.signal.aborted) throw error
      return { kind: 'refused', failure: failureFrom(error, 'INTERNAL', 'handing instances on to the PACS') }
    }
  }

  /**
   * A stored file, compared with its digest before its last piece leaves: the PACS never gets the whole of one that has
   * changed on the disk. Such an instance is lost.
   */
  async *#verified(instance: HandOnInstance): AsyncGenerator<Uint8Array> {
    const { store, files } = this.#means
    const digest = createHash('sha256')
    let kept: Uint8Array | undefined
    for await (const piece of store.read(instance.file)) {
      digest.update(piece)
      if (kept !== undefined) yield kept
      kept = piece
    }
    if (digest.digest('hex') !== instance.fileSha256) {
      const reason = 'its bytes are not those that were stored'
      await files.markLost([{ ...instance, reason }])
      throw new Failure('STORAGE_ERROR', `reading a stored instance: ${reason}`)
    }
    if (kept !== undefined) yield kept
  }

  async #wait(batch: readonly HandOnInstance[], failure: Failure): Promise<void> {
    const { clock, log, handOn } = this.#means
    const delayMs = backoffMs(this.#pauses, FIRST_RETRY_MS, LAST_RETRY_MS)
    const fields = { code: failure.code, message: failure.message, delayMs: Math.round(delayMs) }
    if (failure.remedy === 'operator') log.error('PACS does not let us in', fields)
    else log.warn('PACS is away', fields)
    const nextAt = Math.round(clock.now() + delayMs)
    await handOn.settle(
      batch.map(({ id }) => ({ id, state: 'waiting', reason: failure.message, failed: false, nextAt })),
    )
    await this.#pause(delayMs)
  }

  /** Writes down since when the PACS is away, for the status command. What cannot be written is written next time. */
  async #note(failure: Failure | undefined): Promise<void> {
    const { notes, clock, log } = this.#means
    const name = failure === undefined ? null : failure.remedy === 'operator' ? 'PACS_DENIES_US' : 'PACS_AWAY'
    if (this.#noted === name) return
    try {
      for (const other of ['PACS_DENIES_US', 'PACS_AWAY'] as const)
        if (other !== name) await notes.clear(other)
      if (name !== null) await notes.keep(name, clock.now(), failure?.message ?? '')
      this.#noted = name
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'noting whether the PACS answers')
      log.warn('a note for the status command could not be written', { code, reason: message })
    }
  }

  async #pause(delayMs = backoffMs(this.#pauses, FIRST_RETRY_MS, LAST_RETRY_MS)): Promise<void> {
    this.#pauses++
    await this.#means.clock.sleep(delayMs, this.#stop.signal).catch(() => {})
  }

  async #settle(outcomes: readonly HandOnOutcome[]): Promise<void> {
    const { handOn, log } = this.#means
    await handOn.settle(outcomes)
    const [first, ...more] = outcomes.filter((one) => one.state === 'refused')
    if (first !== undefined) {
      log.error('PACS refused instances', { instances: more.length + 1, reason: first.reason })
    }
  }

  /** Comparing a copy takes its time: what is clear is written down first. */
  async #settleAnswered(
    batch: readonly HandOnInstance[],
    outcomes: ReadonlyMap<string, StowOutcome>,
  ): Promise<void> {
    const [there, clear]: [HandOnInstance[], HandOnOutcome[]] = [[], []]
    for (const instance of batch) {
      const outcome = this.#outcome(instance, outcomes.get(instance.sopInstanceUid))
      if (outcome === undefined) there.push(instance)
      else clear.push(outcome)
    }
    if (clear.length > 0) await this.#settle(clear)
    for (const instance of there) await this.#settle([await this.#compared(instance)])
  }

  async #compared(instance: HandOnInstance): Promise<HandOnOutcome> {
    const compared = await compareCopy(instance, this.#means.pacs.copyOf, this.#stop.signal)
    switch (compared.state) {
      case 'accepted':
        return accepted(instance)
      case 'refused':
        return refused(instance, compared.reason)
      case 'later':
        return this.#later(instance, compared.reason)
      case 'unverified':
        return { id: instance.id, state: 'unverified', reason: compared.reason, failed: false, nextAt: 0 }
    }
  }

  /** Undefined: the PACS has it already, which must be looked at. */
  #outcome(instance: HandOnInstance, said: StowOutcome | undefined): HandOnOutcome | undefined {
    if (said === undefined) return this.#later(instance, 'the PACS did not mention it in its answer')
    if (said.stored) return accepted(instance)
    const { meaning, remedy } = failureReason(said.reason)
    switch (remedy) {
      case 'there':
        return undefined
      case 'later':
        return this.#later(instance, meaning)
      case 'never':
        return refused(instance, meaning)
    }
  }

  /** Of several instances any may be the cause: each is tried alone, at once. */
  #refused(instance: HandOnInstance, failure: Failure, isAlone: boolean): HandOnOutcome {
    if (!isAlone) {
      return {
        id: instance.id,
        state: 'waiting',
        reason: failure.message,
        failed: true,
        nextAt: this.#means.clock.now(),
      }
    }
    return failure.remedy === 'operator' && failure.code === 'PACS_REFUSED'
      ? refused(instance, failure.message)
      : this.#later(instance, failure.message)
  }

  #later(instance: HandOnInstance, reason: string): HandOnOutcome {
    const delayMs = backoffMs(instance.attempts, FIRST_RETRY_MS, LAST_RETRY_MS)
    const nextAt = Math.round(this.#means.clock.now() + delayMs)
    return { id: instance.id, state: 'waiting', reason, failed: true, nextAt }
  }

  async #idle(): Promise<void> {
    const { clock, handOn } = this.#means
    const nextAt = await handOn.nextDueAt()
    const delayMs = nextAt === undefined ? LOOK_EVERY_MS : Math.max(0, nextAt - clock.now())
    await this.#wake.wait(Math.min(delayMs, LOOK_EVERY_MS), this.#stop.signal)
  }
}

function accepted({ id }: HandOnInstance): HandOnOutcome {
  return { id, state: 'accepted', reason: null, failed: false, nextAt: 0 }
}

function refused({ id }: HandOnInstance, reason: string): HandOnOutcome {
  return { id, state: 'refused', reason, failed: true, nextAt: 0 }
}
