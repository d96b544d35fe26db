/** A queue that serves agents in turn: an agent with many items delays only its own. */
export class AgentTurns<Item> {
  /** In the order in which the agents' turns come. */
  readonly #waiting = new Map<string, Item[]>()

  push(agent: string, item: Item): void {
    const own = this.#waiting.get(agent)
    if (own === undefined) this.#waiting.set(agent, [item])
    else own.push(item)
  }

  /**
   * Returns the oldest item of the agent whose turn it is, among the agents that `may` accepts; its next turn is after
   * all others'.
   */
  shift(may: (agent: string) => boolean): { agent: string; item: Item } | undefined {
    for (const [agent, own] of this.#waiting) {
      if (!may(agent)) continue
      const item = own.shift()
      this.#waiting.delete(agent)
      if (own.length > 0) this.#waiting.set(agent, own)
      if (item !== undefined) return { agent, item }
    }
    return undefined
  }
}
