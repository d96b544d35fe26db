import type { Candidate } from '../../messages/digest.ts'
import type { Messenger } from '../../messages/messenger.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { ConditionTime } from '../register/condition-register.ts'
import type { Register } from '../register/register.ts'
import { RecurringLook } from '../store/recurring-look.ts'
import { type AlarmTimes, type Condition, conditionKey } from './condition.ts'
import { conditionsOf } from './conditions.ts'
import { diskState, type ObservedLimits } from './observe-center.ts'
import { registerStateOf } from './register-state.ts'

interface ConditionWatchOptions {
  readonly register: Register
  readonly folder: string
  readonly limits: ObservedLimits
  readonly alarms: AlarmTimes
  /** A condition that is back within this time has not ended. */
  readonly pauseMs: number
  /** Undefined if no messages are sent. */
  readonly messenger: Pick<Messenger<Condition>, 'observed'> | undefined
  readonly clock: Clock
  readonly log: Log
}

const LOOK_EVERY_MS = 10_000
/** The time of the last look is written as often as this. */
const ALIVE_EVERY_MS = 60_000

/**
 * Looks at the conditions of the running center, and stores when each began, so that every process shows the same time, also
 * after a restart.
 */
export class ConditionWatch implements AsyncDisposable {
  readonly #options: ConditionWatchOptions
  readonly #look: RecurringLook
  /** Conditions that are not there now, and when that was first seen, on the monotonic clock. */
  readonly #goneSince = new Map<string, number>()
  #aliveMs = Number.NEGATIVE_INFINITY

  constructor(options: ConditionWatchOptions) {
    this.#options = options
    this.#look = new RecurringLook({
      attempted: "looking at the center's conditions",
      failed: "the center's conditions could not be looked at",
      look: async () => {
        await this.look()
        return LOOK_EVERY_MS
      },
      afterFailureMs: LOOK_EVERY_MS,
      clock: options.clock,
      log: options.log,
    })
  }

  start(): void {
    this.#look.start()
  }

  /** Looks once. */
  async look(): Promise<readonly Condition[]> {
    const { register, folder, limits, alarms, clock } = this.#options
    const state = {
      now: clock.now(),
      isRunning: true,
      folder,
      ...(await diskState(folder, limits)),
      register: await registerStateOf(register, folder, clock),
    }
    const conditions = conditionsOf(state, alarms)
    const times = await this.#keep(conditions, state.register.firstSeen, state.now)
    this.#options.messenger?.observed(candidatesOf(conditions, times), times)
    if (clock.monotonicMs() - this.#aliveMs >= ALIVE_EVERY_MS) {
      await register.notes.clear('ALIVE')
      await register.notes.keep('ALIVE', state.now, '')
      this.#aliveMs = clock.monotonicMs()
    }
    return conditions
  }

  async #keep(
    conditions: readonly Condition[],
    before: readonly ConditionTime[],
    now: number,
  ): Promise<readonly ConditionTime[]> {
    const known = new Map(before.map((one) => [conditionKey(one), one]))
    const begun = conditions.flatMap((condition): ConditionTime[] => {
      const { code, subject, severity } = condition
      const was = known.get(conditionKey(condition))
      const actSince = severity === 'act' ? (was?.actSince ?? now) : null
      if (was !== undefined && was.actSince === actSince) return []
      return [{ code, subject, since: was?.since ?? condition.since ?? now, actSince }]
    })
    const ended = this.#ended(conditions, before)
    if (begun.length + ended.length > 0) await this.#options.register.conditionTimes.change(begun, ended)
    const changed = new Set([...begun, ...ended].map(conditionKey))
    return [...before.filter((one) => !changed.has(conditionKey(one))), ...begun]
  }

  #ended(conditions: readonly Condition[], before: readonly ConditionTime[]): ConditionTime[] {
    const { clock, pauseMs } = this.#options
    const keys = new Set(conditions.map(conditionKey))
    for (const key of this.#goneSince.keys()) if (keys.has(key)) this.#goneSince.delete(key)
    return before.filter((one) => {
      const key = conditionKey(one)
      if (keys.has(key)) return false
      const goneSince = this.#goneSince.get(key) ?? clock.monotonicMs()
      this.#goneSince.set(key, goneSince)
      if (clock.monotonicMs() - goneSince < pauseMs) return false
      this.#goneSince.delete(key)
      return true
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#look[Symbol.asyncDispose]()
  }
}

/** Lists the conditions for messages: those of now, and those that may come back in a moment. */
function candidatesOf(
  conditions: readonly Condition[],
  times: readonly ConditionTime[],
): Candidate<Condition>[] {
  const actSince = new Map(times.map((time) => [conditionKey(time), time.actSince]))
  return conditions.map((condition) => ({
    condition,
    actSince: actSince.get(conditionKey(condition)) ?? null,
    isSilenced: condition.silencedUntil !== null,
  }))
}
