import { Failure } from '../../platform/failure.ts'

/** Limits the work for one agent at the same time. Memory is sufficient, since one process holds the folder. */
export class AgentShares {
  readonly #limit: number
  readonly #running = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Throws CENTER_BUSY if the agent already has its share; disposing of the result gives the place back. */
  enter(agent: string, attempted: string): Disposable {
    const running = this.#running.get(agent) ?? 0
    if (running >= this.#limit)
      throw new Failure('CENTER_BUSY', `${attempted}: the agent has ${running} of them under way`)
    this.#running.set(agent, running + 1)
    return { [Symbol.dispose]: () => this.#leave(agent) }
  }

  #leave(agent: string): void {
    const left = (this.#running.get(agent) ?? 1) - 1
    if (left === 0) this.#running.delete(agent)
    else this.#running.set(agent, left)
  }
}
