import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import type { ManifestAnswer } from '../../protocol/center-api.ts'
import type { DiskSpace } from '../disk/disk-space.ts'
import { readText } from '../http/http-answer.ts'
import { AgentShares } from '../opening/agent-shares.ts'
import { answerManifest, type ReceiptOptions } from '../receipts/receipts.ts'
import type { RecordBudget } from '../receipts/record-budget.ts'
import type { Agent } from '../register/register.ts'

/** More than one, since the line of the previous one may have broken unnoticed. */
const MANIFESTS_AT_ONCE = 3
/** The manifest and a receipt of about its size, each once in the register and once in its log. */
const REGISTER_FACTOR = 4

/** After a manifest its agent's next one waits for this many times its duration: that time belongs to the others. */
const REST_FACTOR = 4
const LONGEST_REST_MS = 20_000

/**
 * Accepts manifests of each agent one after the other, within its budget and the room for the register. A large one
 * occupies the one thread that answers all agents for a part of a second.
 */
export class ManifestDoor {
  readonly #space: DiskSpace
  readonly #budget: RecordBudget
  readonly #shares = new AgentShares(MANIFESTS_AT_ONCE)
  /** Settles when the agent's last manifest has been answered and its rest is over; never rejects. */
  readonly #last = new Map<string, Promise<void>>()

  readonly #clock: Clock
  constructor(space: DiskSpace, budget: RecordBudget, clock: Clock) {
    this.#space = space
    this.#budget = budget
    this.#clock = clock
  }

  /** Throws CENTER_BUSY, STORAGE_FULL, and the failures of reading and answering it. */
  async answer(
    options: ReceiptOptions,
    agent: Agent,
    request: IncomingMessage,
    limitBytes: number,
    signal: AbortSignal,
  ): Promise<ManifestAnswer> {
    const attempted = 'taking a manifest'
    using held = new DisposableStack()
    held.use(this.#shares.enter(agent.kid, attempted))
    this.#budget.check(agent.kid, attempted)
    const jws = await readText(request, limitBytes)
    return await this.#alone(agent.kid, async () => {
      signal.throwIfAborted()
      this.#budget.check(agent.kid, attempted)
      this.#budget.charge(agent.kid, jws.length)
      held.use(await this.#space.take({ register: REGISTER_FACTOR * jws.length }, attempted))
      return await answerManifest(options, agent, jws)
    })
  }

  async #alone<Result>(agent: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(agent)
    const { promise: rested, resolve } = Promise.withResolvers<void>()
    this.#last.set(agent, rested)
    await before
    const startedMs = this.#clock.monotonicMs()
    try {
      return await work()
    } finally {
      const restMs = REST_FACTOR * (this.#clock.monotonicMs() - startedMs)
      const end = (): void => {
        resolve()
        if (this.#last.get(agent) === rested) this.#last.delete(agent)
      }
      if (restMs < 1) end()
      else this.#clock.after(Math.min(restMs, LONGEST_REST_MS), end)
    }
  }
}
