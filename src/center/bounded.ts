/** Runs tasks beside the caller, at most `limit` at a time; the first failure is thrown by the next call. */
export class Bounded {
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()
  #failure: { error: unknown } | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts the task as soon as there is room. */
  async start(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running)
    if (this.#failure !== undefined) throw this.#failure.error
    const run = task()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  /** All that was started has ended, well. */
  async end(): Promise<void> {
    await this.settled()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** All that was started has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }
}
