/** The promise of docs/install.md. */
export const MOST_STEPS = 6
export const MOST_SECONDS = 600

interface Step {
  readonly who: string
  readonly what: string
  readonly typed: number
  readonly seconds: number
}

/** Counts the steps of a clinic's first day: characters that a person types or pastes (Enter is one), and seconds. */
export class FirstDay {
  readonly #steps: Step[] = []
  #from = performance.now()

  /** Ends a step that began with the end of the one before. */
  done(who: 'clinic' | 'center' | 'both', what: string, typed: string | readonly string[]): void {
    const now = performance.now()
    const characters = [typed].flat().join('').length
    this.#steps.push({ who, what, typed: characters, seconds: (now - this.#from) / 1000 })
    this.#from = now
  }

  get steps(): number {
    return this.#steps.length
  }

  get typed(): number {
    return this.#steps.reduce((sum, step) => sum + step.typed, 0)
  }

  /** The seconds in which a person waits: the time of typing is not in them. */
  get seconds(): number {
    return this.#steps.reduce((sum, step) => sum + step.seconds, 0)
  }

  /** Returns the table of the day. `all`: words for its last row. */
  table(all: string): string {
    const rows = this.#steps.map(
      ({ who, what, typed, seconds }, i) =>
        `| ${i + 1} | ${who} | ${what} | ${typed} | ${seconds.toFixed(1)} |`,
    )
    return [
      '| step | who | what | typed characters | seconds of waiting |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
      `| all | | ${all} | ${this.typed} | ${this.seconds.toFixed(1)} |`,
    ].join('\n')
  }
}
