import { createHash } from 'node:crypto'
import { warningWords } from '../../dicomweb/failure-reason.ts'
import type { StowAnswer, StowOutcome } from '../../dicomweb/stow-answer.ts'
import type { StowInstance } from '../../dicomweb/stow-client.ts'
import type { WadoAnswer, WadoInstance } from '../../dicomweb/wado-client.ts'
import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { HandOnInstance, HandOnOutcome, HandOnRegister, NoteRegister } from '../register/register.ts'
import type { InstanceStore } from '../store/instance-store.ts'
import type { StoredFiles } from '../store/stored-files.ts'
import { compareCopy, type PacsClaim } from './compare-copy.ts'
import { decideHandOn } from './hand-on-decision.ts'
import { PacsNote } from './pacs-note.ts'
import { Suspects } from './suspects.ts'

/** The destination of the hand-on. Throws faults on this side; every response of the PACS is a returned answer. */
interface Pacs {
  readonly store: (instances: readonly StowInstance[], signal: AbortSignal) => Promise<StowAnswer>
  /** Returns the PACS's copy of an instance. */
  readonly copyOf: (instance: WadoInstance, signal: AbortSignal) => Promise<WadoAnswer>
}

interface HandOnOptions {
  readonly pacs: Pacs
  readonly handOn: HandOnRegister
  readonly notes: NoteRegister
  readonly store: InstanceStore
  readonly files: StoredFiles
  /** Returns true if copies of this policy (the envelope's) are for this PACS. */
  readonly takes: (policy: string) => boolean
  /** Called when the PACS has these instances of a study, and that is stored. */
  readonly handedOn: (studyInstanceUid: string, instances: number) => void
  readonly clock: Clock
  readonly log: Log
}

const BATCH = { instances: 100, bytes: 32 * 1024 * 1024 }
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 10 * 60_000
/** Interval for noticing a retry time that another process wrote, or that a clock has jumped over. */
const LOOK_EVERY_MS = 15_000
/** Delay after which a retry of an operator, who works in another process, is noticed. */
const RETRY_SEEN_MS = 1_000

/**
 * Hands stored instances on to the PACS, study by study, until the PACS has each one or has given its reason for
 * refusing it. The queue is in the register: nothing is forgotten, and no other work waits for it. If the PACS is away,
 * all instances wait. If an answer does not show whether one instance is the cause, the instances are sent alone from
 * then on, so that a bad one is found and delays no other (suspects.ts).
 */
export class HandOn {
  readonly #options: HandOnOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<unknown>
  readonly #wake: Wake
  /** Ends a pause, because an operator suggests that the PACS is back. */
  readonly #again: Wake
  readonly #note: PacsNote
  readonly #suspects = new Suspects()
  #pauses = 0
  #isNewestNext = false

  constructor(options: HandOnOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
    this.#again = new Wake(options.clock)
    this.#note = new PacsNote(options)
    this.#running = Promise.all([this.#run(), this.#heedRetries()])
  }

  /** Looks for work now, because an instance may be due. */
  wake(): void {
    this.#wake.call()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    let isAdopted = false
    while (!this.#stop.signal.aborted) {
      try {
        if (!isAdopted) isAdopted = await this.#adopt()
        const batch = await this.#next()
        if (batch.length > 0) await this.#send(batch)
        else await this.#idle()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        const { code, message } = failureFrom(error, 'INTERNAL', 'handing instances on to the PACS')
        // The watch over the store has already reported it.
        if (code !== 'STORE_MISSING') this.#options.log.error('handing on failed', { code, reason: message })
        await this.#pause()
      }
    }
  }

  /**
   * Instances that were stored before this PACS was configured, or before it accepted these policies, are for it too.
   */
  async #adopt(): Promise<true> {
    const { handOn, takes, clock, log } = this.#options
    const adopted = await handOn.adopt(takes, clock.now(), this.#stop.signal)
    if (adopted > 0) log.info('instances from before are handed on', { instances: adopted })
    return true
  }

  /** Takes the longest and the most recently due in turn, so that today's studies do not wait for all earlier ones. */
  async #next(): Promise<HandOnInstance[]> {
    const { handOn, clock } = this.#options
    this.#isNewestNext = !this.#isNewestNext
    return handOn.due(clock.now(), BATCH, this.#isNewestNext ? 'oldest' : 'newest')
  }

  async #send(due: readonly HandOnInstance[]): Promise<void> {
    const lost = await this.#options.files.lost(due)
    const batch = due.filter(({ id }) => !lost.has(id))
    if (batch.length === 0) return
    const answer = await this.#ask(batch)
    switch (answer.kind) {
      case 'answered':
        this.#pauses = 0
        await this.#note.tell(undefined)
        if ([...answer.outcomes.values()].some(({ kind }) => kind === 'stored')) this.#suspects.wentThrough()
        return this.#settleAnswered(batch, answer.outcomes)
      case 'unclear':
        return this.#settleUnclear(batch, answer.failure, answer.isOfPacs)
      case 'unavailable':
        return this.#wait(batch, answer.failure, answer.retryAfterMs)
      case 'unreadable':
        return this.#settle(
          batch.map((instance) => this.#later(instance, answer.failure.message, batch.length > 1)),
        )
    }
  }

  /** An instance that cannot be read here is treated like one that makes the PACS fail: it delays no other. */
  async #ask(
    batch: readonly HandOnInstance[],
  ): Promise<StowAnswer | { readonly kind: 'unreadable'; readonly failure: Failure }> {
    const instances = batch.map((instance) => ({
      sopInstanceUid: instance.sopInstanceUid,
      bytes: instance.fileBytes,
      content: () => this.#verified(instance),
    }))
    try {
      return await this.#options.pacs.store(instances, this.#stop.signal)
    } catch (error) {
      if (this.#stop.signal.aborted) throw error
      return {
        kind: 'unreadable',
        failure: failureFrom(error, 'INTERNAL', 'handing instances on to the PACS'),
      }
    }
  }

  /**
   * Yields a stored file, compared with its digest before its last piece is sent: the PACS never gets the whole of a
   * file that has changed on the disk. Such an instance is lost.
   */
  async *#verified(instance: HandOnInstance): AsyncGenerator<Uint8Array> {
    const { store, files } = this.#options
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

  /** Nothing can be stored now. This does not count against any instance. */
  async #wait(batch: readonly HandOnInstance[], failure: Failure, retryAfterMs = 0): Promise<void> {
    const delayMs = this.#pauseMs(retryAfterMs)
    await this.#tellWaiting(failure, delayMs)
    const nextAt = Math.round(this.#options.clock.now() + delayMs)
    await this.#settle(
      batch.map(({ id }) => ({ id, state: 'waiting', reason: failure.message, failed: false, nextAt })),
    )
    await this.#pause(delayMs)
  }

  /**
   * Any of several may be the cause: each is tried alone, at once. An instance that fails alone waits with all others,
   * and after them, unless others have succeeded meanwhile.
   */
  async #settleUnclear(batch: readonly HandOnInstance[], failure: Failure, isOfPacs: boolean): Promise<void> {
    const [first] = batch
    if (first === undefined || batch.length > 1) {
      this.#suspects.failedTogether(batch.map(({ id }) => id))
      return this.#settle(batch.map((instance) => this.#later(instance, failure.message, true)))
    }
    const verdict = this.#suspects.failedAlone(first.id, isOfPacs)
    if (verdict === 'refused') {
      const others = 'again and again for this instance, while it took others'
      return this.#settle([refused(first, `${failure.message}, ${others}`)])
    }
    if (verdict === 'again') return this.#settle([this.#later(first, failure.message)])
    const delayMs = this.#pauseMs()
    await this.#tellWaiting(failure, delayMs)
    await this.#settle([this.#later(first, failure.message)])
    await this.#pause(delayMs)
  }

  async #tellWaiting(failure: Failure, delayMs: number): Promise<void> {
    const { log } = this.#options
    const fields = { code: failure.code, reason: failure.message, delayMs }
    if (failure.remedy === 'operator') log.error('PACS takes nothing, and a person must see to it', fields)
    else log.warn('PACS is away', fields)
    await this.#note.tell(failure)
  }

  #pauseMs(atLeastMs = 0): number {
    const delayMs = backoffMs(this.#pauses, FIRST_RETRY_MS, LAST_RETRY_MS)
    return Math.round(Math.max(delayMs, Math.min(atLeastMs, LAST_RETRY_MS)))
  }

  async #pause(delayMs = this.#pauseMs()): Promise<void> {
    this.#pauses++
    await this.#again.wait(delayMs, this.#stop.signal)
  }

  async #settle(outcomes: readonly HandOnOutcome[]): Promise<void> {
    const { handOn, clock, log } = this.#options
    await handOn.settle(outcomes, clock.now())
    for (const { id, state } of outcomes) if (state !== 'waiting') this.#suspects.forget(id)
    const [first, ...more] = outcomes.filter((one) => one.state === 'refused')
    if (first !== undefined) {
      log.error('PACS refused instances', { instances: more.length + 1, reason: first.reason })
    }
  }

  /** Comparing a copy takes time, so results that are already clear are stored first. */
  async #settleAnswered(
    batch: readonly HandOnInstance[],
    outcomes: ReadonlyMap<string, StowOutcome>,
  ): Promise<void> {
    const claims: [HandOnInstance, PacsClaim][] = []
    const clear: HandOnOutcome[] = []
    const warnings: number[] = []
    for (const instance of batch) {
      const decision = decideHandOn(outcomes.get(instance.sopInstanceUid), instance.attempts)
      switch (decision.kind) {
        case 'accepted':
          clear.push(accepted(instance))
          if (decision.warning !== undefined) warnings.push(decision.warning)
          break
        case 'refused':
          clear.push(refused(instance, decision.reason))
          break
        case 'later':
          clear.push(this.#later(instance, decision.reason, decision.isAtOnce))
          break
        case 'compare':
          claims.push([instance, decision.claim])
      }
    }
    if (clear.length > 0) await this.#settle(clear)
    this.#tellHandedOn(batch, clear)
    const [warning] = warnings
    if (warning !== undefined)
      this.#options.log.warn('PACS took instances with a warning', {
        instances: warnings.length,
        reason: warningWords(warning),
      })
    for (const [instance, claim] of claims) {
      const outcome = await this.#compared(instance, claim)
      await this.#settle([outcome])
      this.#tellHandedOn([instance], [outcome])
    }
  }

  #tellHandedOn(batch: readonly HandOnInstance[], outcomes: readonly HandOnOutcome[]): void {
    const taken = new Set(outcomes.flatMap(({ id, state }) => (state === 'accepted' ? [id] : [])))
    const studies = Map.groupBy(
      batch.filter(({ id }) => taken.has(id)),
      ({ studyInstanceUid }) => studyInstanceUid,
    )
    for (const [studyInstanceUid, instances] of studies)
      this.#options.handedOn(studyInstanceUid, instances.length)
  }

  async #compared(instance: HandOnInstance, claim: PacsClaim): Promise<HandOnOutcome> {
    const compared = await compareCopy(instance, claim, this.#options.pacs.copyOf, this.#stop.signal)
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

  #later(instance: HandOnInstance, reason: string, isAtOnce = false): HandOnOutcome {
    const delayMs = isAtOnce ? 0 : backoffMs(instance.attempts, FIRST_RETRY_MS, LAST_RETRY_MS)
    const nextAt = Math.round(this.#options.clock.now() + delayMs)
    return { id: instance.id, state: 'waiting', reason, failed: true, nextAt }
  }

  async #idle(): Promise<void> {
    const { clock, handOn } = this.#options
    const nextAt = await handOn.nextDueAt()
    const delayMs = nextAt === undefined ? LOOK_EVERY_MS : Math.max(0, nextAt - clock.now())
    await this.#wake.wait(Math.min(delayMs, LOOK_EVERY_MS), this.#stop.signal)
  }

  /** Never rejects. */
  async #heedRetries(): Promise<void> {
    const { handOn, clock } = this.#options
    const { signal } = this.#stop
    let seen = await handOn.retries().catch(() => 0)
    while (!signal.aborted) {
      await clock.sleep(RETRY_SEEN_MS, signal).catch(() => {})
      const retries = await handOn.retries().catch(() => seen)
      if (retries === seen) continue
      seen = retries
      this.#pauses = 0
      this.#again.call()
      this.#wake.call()
    }
  }
}

function accepted({ id }: HandOnInstance): HandOnOutcome {
  return { id, state: 'accepted', reason: null, failed: false, nextAt: 0 }
}

function refused({ id }: HandOnInstance, reason: string): HandOnOutcome {
  return { id, state: 'refused', reason, failed: true, nextAt: 0 }
}
