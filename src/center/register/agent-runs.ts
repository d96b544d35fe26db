import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { Agent, AgentRegister } from './register.ts'

/** An agent counts as cloned for this long after two machines were last heard in turns. */
export const CLONED_MS = 60 * 60_000
/** A request of an ended process may arrive this long after the first one of its successor. */
const LATE_MS = 60_000
const RUNS_KEPT = 8

interface Heard {
  /** The time when each run was first heard, on the monotonic clock. */
  readonly firstMs: Map<string, number>
  current: string
  /** The time when each run was last heard again after another had replaced it. */
  readonly returnedMs: Map<string, number>
}

/**
 * Detects that two machines use one key. An agent draws a run at each start, and one process at a time works in a data
 * folder, so a run that was followed by another is over: after a restart, on a moved disk, from a restored backup. Two
 * copies of a folder are heard in turns instead: a, b, a, b. Both must be heard again within an hour, so that neither a
 * late request nor a virtual machine that is set back to a snapshot of its memory counts. Addresses are not considered.
 */
export class AgentRuns {
  readonly #agents: Pick<AgentRegister, 'cloned'>
  readonly #clock: Clock
  readonly #log: Log
  readonly #heard = new Map<string, Heard>()

  constructor(agents: Pick<AgentRegister, 'cloned'>, clock: Clock, log: Log) {
    this.#agents = agents
    this.#clock = clock
    this.#log = log
  }

  /**
   * Records that an agent asked, with its run; `undefined` for a request that is not a running agent's, such as one to
   * join.
   */
  async heard({ kid, state, name }: Agent, run: unknown): Promise<void> {
    if (state !== 'approved' || typeof run !== 'string' || !/^[0-9a-f]{32}$/.test(run)) return
    if (!this.#isInTurns(kid, run)) return
    this.#log.error('two machines use the key of one agent', { code: 'AGENT_CLONED', agent: kid, name })
    try {
      await this.#agents.cloned(kid, this.#clock.now())
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'noting that an agent is cloned')
      this.#log.warn('it is not written down that an agent is cloned', { code, reason: message })
    }
  }

  #isInTurns(kid: string, run: string): boolean {
    const now = this.#clock.monotonicMs()
    const heard = this.#heard.get(kid)
    if (heard === undefined) {
      this.#heard.set(kid, { firstMs: new Map([[run, now]]), current: run, returnedMs: new Map() })
      return false
    }
    const { firstMs, current, returnedMs } = heard
    if (run === current) return false
    if (!firstMs.has(run)) {
      firstMs.set(run, now)
      if (firstMs.size > RUNS_KEPT) forgetOldest(heard)
    } else {
      if (now - (firstMs.get(current) ?? now) < LATE_MS) return false
      returnedMs.set(run, now)
    }
    heard.current = run
    return Array.from(returnedMs.values()).filter((at) => now - at < CLONED_MS).length > 1
  }
}

export function isCloned({ clonedAt }: Pick<Agent, 'clonedAt'>, now: number): boolean {
  return clonedAt !== null && Math.abs(now - clonedAt) < CLONED_MS
}

function forgetOldest({ firstMs, returnedMs }: Heard): void {
  for (const run of firstMs.keys()) {
    firstMs.delete(run)
    returnedMs.delete(run)
    return
  }
}
