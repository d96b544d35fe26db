import { createHash } from 'node:crypto'

/** Random numbers that the same words bring again: sfc32, the small fast counting generator of PractRand. */
export class Random {
  readonly #state: Uint32Array

  constructor(...words: readonly (string | number)[]) {
    const digest = createHash('sha256').update(words.join(' ')).digest()
    this.#state = Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at))
  }

  /** From 0 up to but not 1. */
  next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state
    const sum = (a + b + counter) >>> 0
    this.#state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + sum, counter + 1])
    return sum / 2 ** 32
  }

  /** A whole number, both ends included. */
  between(lowest: number, highest: number): number {
    return lowest + Math.floor(this.next() * (highest - lowest + 1))
  }

  /** A whole number, as likely between 1 and 10 as between 10 and 100. */
  betweenMagnitudes(lowest: number, highest: number): number {
    return Math.round(lowest * (highest / lowest) ** this.next())
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.next() * choices.length)]
    if (choice === undefined) throw new Error('nothing to pick from')
    return choice
  }

  /** How long until something that happens every `meanMs` on average happens next; at most four times that. */
  pauseMs(meanMs: number): number {
    return Math.min(4, -Math.log(1 - this.next())) * meanMs
  }
}
