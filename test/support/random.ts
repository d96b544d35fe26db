/** The seed of every run of CI. */
const SEED_OF_CI = 617_375

/** True if each run has the same seed: FERRY_SEED repeats a run, and in CI a commit that has passed passes again. */
export function hasFixedSeed(): boolean {
  const { FERRY_SEED: given, CI: ci = '' } = process.env
  return given !== undefined || (ci !== '' && ci !== 'false')
}

/** Returns the seed of this run: FERRY_SEED, or that of CI if the variable CI is set, or a new one. */
export function seedOfRun(): number {
  const given = process.env['FERRY_SEED']
  if (given !== undefined) return Number(given)
  return hasFixedSeed() ? SEED_OF_CI : Math.floor(Math.random() * 2 ** 31)
}

/** Chance that a seed decides: the same seed gives the same numbers on every machine. */
export class Random {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed
    this.#state = seed | 0
  }

  /** Takes the seed of this run. */
  static fromEnvironment(): Random {
    return new Random(seedOfRun())
  }

  /** Returns a whole number of 32 bits (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** Returns a number from 0 to below 1. */
  fraction(): number {
    return this.next() / 2 ** 32
  }

  /** Returns a whole number from 0 to below `limit`. */
  below(limit: number): number {
    return this.next() % limit
  }

  /** Returns a whole number, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  isIn(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new Error('nothing to pick from')
    return choice
  }

  bytes(count: number): Buffer {
    const words = Buffer.alloc(count + (4 - (count % 4)))
    for (let at = 0; at < count; at += 4) words.writeUInt32LE(this.next(), at)
    return words.subarray(0, count)
  }

  letters(count: number): string {
    return Array.from({ length: count }, () => String.fromCharCode(0x61 + this.between(0, 25))).join('')
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => String(this.between(0, 9))).join('')
  }
}
