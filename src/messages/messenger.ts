import { backoffMs, LONGEST_WAIT_MS } from '../platform/backoff.ts'
import type { Clock } from '../platform/clock.ts'
import { failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import {
  type Candidate,
  type Digest,
  type DigestTimes,
  digestOf,
  type Tellable,
  type Told,
} from './digest.ts'
import type { Message, MessageTarget } from './message.ts'

/** Stores of what each target was told, and which of them fails. */
export interface MessageLedger<C extends Tellable> {
  told(target: string): Promise<Told<C>[]>
  /** The target has the message: `told` are the conditions in it that last, `ended` those that do not. */
  sent(target: string, now: number, told: readonly C[], ended: readonly C[]): Promise<void>
  failed(target: string, now: number, reason: string): Promise<void>
  /** There is nothing that the target was not told. */
  settled(target: string): Promise<void>
  /** When the target last got a message; undefined if never. */
  lastSentAt(target: string): Promise<number | undefined>
}

interface MessengerOptions<C extends Tellable> {
  readonly targets: readonly MessageTarget[]
  readonly ledger: MessageLedger<C>
  readonly times: DigestTimes
  /** Puts a digest into words. */
  readonly compose: (digest: Digest<C>, now: number) => Message
  /** False for conditions of which this target is not told: that it cannot be reached. */
  readonly concerns: (condition: C, target: string) => boolean
  readonly clock: Clock
  readonly log: Log
}

/** At most one message in this time to each target. */
const BETWEEN_MS = 60_000
const FIRST_RETRY_MS = 30_000

interface TargetState {
  /** On the monotonic clock; undefined before the ledger was asked. */
  notBeforeMs: number | undefined
  attempts: number
  sending: Promise<void> | undefined
  /** False until the ledger has no failure of an earlier process. */
  isSettled: boolean
}

/** Tells each target what has begun, lasts and has ended. A target that fails delays no other target and no other work. */
export class Messenger<C extends Tellable> implements AsyncDisposable {
  readonly #options: MessengerOptions<C>
  readonly #states = new Map<string, TargetState>()
  readonly #stop = new AbortController()

  constructor(options: MessengerOptions<C>) {
    this.#options = options
  }

  /** Called with every look at the conditions; `held` are those that have not ended. Returns at once. */
  observed(candidates: readonly Candidate<C>[], held: readonly Tellable[]): void {
    for (const target of this.#options.targets) {
      const state = this.#stateOf(target.name)
      const isEarly = state.notBeforeMs !== undefined && this.#options.clock.monotonicMs() < state.notBeforeMs
      if (this.#stop.signal.aborted || state.sending !== undefined || isEarly) continue
      state.sending = this.#tell(target, state, candidates, held).finally(() => {
        state.sending = undefined
      })
    }
  }

  /** Never rejects. */
  async #tell(
    target: MessageTarget,
    state: TargetState,
    candidates: readonly Candidate<C>[],
    held: readonly Tellable[],
  ): Promise<void> {
    const { ledger, clock, log, times, compose, concerns } = this.#options
    const { name } = target
    const { signal } = this.#stop
    try {
      if (state.notBeforeMs === undefined && (await this.#mustWait(name, state))) return
      const mine = candidates.filter(({ condition }) => concerns(condition, name))
      const now = clock.now()
      const digest = digestOf({ candidates: mine, held }, await ledger.told(name), now, times)
      if (digest === undefined) return await this.#settle(name, state)
      await target.send(compose(digest, now), signal)
      state.attempts = 0
      state.notBeforeMs = clock.monotonicMs() + BETWEEN_MS
      await ledger.sent(name, now, [...digest.begun, ...digest.lasting], digest.ended)
      const { begun, lasting, ended } = digest
      const counts = { begun: begun.length, lasting: lasting.length, ended: ended.length }
      log.info('message sent', { target: name, ...counts })
    } catch (error) {
      if (!signal.aborted) await this.#failed(name, state, error)
    }
  }

  /** Records that nothing is unsent: a message that failed is no longer needed, or a later one has said the same. */
  async #settle(name: string, state: TargetState): Promise<void> {
    if (state.attempts > 0 || !state.isSettled) await this.#options.ledger.settled(name)
    state.attempts = 0
    state.isSettled = true
  }

  /** After a restart the minute since the last message counts too. */
  async #mustWait(name: string, state: TargetState): Promise<boolean> {
    const { ledger, clock } = this.#options
    const sentAt = (await ledger.lastSentAt(name)) ?? 0
    const passedMs = Math.abs(clock.now() - sentAt)
    state.notBeforeMs = clock.monotonicMs() + Math.max(0, BETWEEN_MS - passedMs)
    return passedMs < BETWEEN_MS
  }

  async #failed(name: string, state: TargetState, error: unknown): Promise<void> {
    const { ledger, clock, log } = this.#options
    const { code, message } = failureFrom(error, 'MESSAGE_UNSENT', 'sending a message')
    state.notBeforeMs = clock.monotonicMs() + backoffMs(state.attempts, FIRST_RETRY_MS, LONGEST_WAIT_MS)
    if (state.attempts++ === 0) log.warn('message not sent', { target: name, code, reason: message })
    await ledger.failed(name, clock.now(), message).catch((failure: unknown) => {
      const { code: second, message: reason } = failureFrom(failure, 'DATABASE_ERROR', 'noting a failure')
      log.warn('a failed message is not noted', { target: name, code: second, reason })
    })
  }

  #stateOf(name: string): TargetState {
    const state = this.#states.get(name) ?? {
      notBeforeMs: undefined,
      attempts: 0,
      sending: undefined,
      isSettled: false,
    }
    this.#states.set(name, state)
    return state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('messages are stopping'))
    for (const { sending } of this.#states.values()) await sending
  }
}
