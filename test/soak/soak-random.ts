import { createHash } from 'node:crypto'
import { Random } from '../support/random.ts'

/** Chance of a soak: the same words give the same numbers. */
export class SoakRandom extends Random {
  constructor(...words: readonly (string | number)[]) {
    super(createHash('sha256').update(words.join(' ')).digest().readUInt32LE(0))
  }

  /** Returns a whole number, as likely between 1 and 10 as between 10 and 100. */
  betweenMagnitudes(lowest: number, highest: number): number {
    return Math.round(lowest * (highest / lowest) ** this.fraction())
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** Returns the time until the next of events that come every `meanMs` on average; at most four times that. */
  pauseMs(meanMs: number): number {
    return Math.min(4, -Math.log(1 - this.fraction())) * meanMs
  }
}
