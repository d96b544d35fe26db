/** The same seed makes the same choices; FERRY_SEED takes up one that a run has printed. */
export class SeededRandom {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed
    this.#state = seed >>> 0
  }

  static fromEnvironment(): SeededRandom {
    return new SeededRandom(Number(process.env['FERRY_SEED'] ?? Math.floor(Math.random() * 2 ** 32)))
  }

  /** A whole number from `least` to below `end` (mulberry32). */
  integer(least: number, end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return least + (((mixed ^ (mixed >>> 14)) >>> 0) % (end - least))
  }
}
