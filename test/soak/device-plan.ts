import { LARGEST_CONTENT_BYTES, type Recipe, SOAK_KINDS } from './soak-instance.ts'
import type { SoakRandom } from './soak-random.ts'

/** How many instances are remembered to be sent again, or changed, or joined by others of their study. */
const REMEMBERED = 5_000
const LONGEST_BATCH = 40
/** Over this average, in bytes a second, only small instances are made: the disk of a soak stays bounded. */
const BYTES_PER_SECOND = 1_500_000
const FIRST_BYTES = 64 * 1024 * 1024

/** The next acts of devices, drawn from the seed. One plan serves all devices, so that they share studies. */
export class DevicePlan {
  readonly #random: SoakRandom
  readonly #remembered: Recipe[] = []
  readonly #startedAt = performance.now()
  #instances = 0
  #studies = 0
  #versions = 0
  #bytes = 0

  constructor(random: SoakRandom) {
    this.#random = random
  }

  /**
   * Returns the load of one association: mostly new instances of a new study; some belong to an old study, which grows;
   * some were sent before, and some of these have other bytes now.
   */
  nextBatch(): Recipe[] {
    const random = this.#random
    const isLate = this.#remembered.length > 0 && random.chance(0.25)
    const study = isLate ? random.pick(this.#remembered).study : this.#studies++
    const kind = random.pick(SOAK_KINDS)
    return Array.from({ length: random.betweenMagnitudes(1, LONGEST_BATCH) }, () => {
      if (this.#remembered.length === 0 || random.chance(0.9)) return this.#newInstance(study, kind)
      const again = random.pick(this.#remembered)
      if (random.chance(0.7)) return again
      return { ...again, version: ++this.#versions, contentBytes: this.#contentBytes() }
    })
  }

  #newInstance(study: number, kind: (typeof SOAK_KINDS)[number]): Recipe {
    const number = this.#instances++
    const recipe = { ...kind, number, study, version: 0, contentBytes: this.#contentBytes() }
    const place = number < REMEMBERED ? number : this.#random.between(0, REMEMBERED - 1)
    this.#remembered[place] = recipe
    return recipe
  }

  #contentBytes(): number {
    const allowed = FIRST_BYTES + (BYTES_PER_SECOND * (performance.now() - this.#startedAt)) / 1000
    const size = this.#random.fraction()
    const largest =
      this.#bytes > allowed || size < 0.7 ? 32_768 : size < 0.97 ? 524_288 : LARGEST_CONTENT_BYTES
    const bytes = this.#random.betweenMagnitudes(1_000, largest)
    this.#bytes += bytes
    return bytes
  }
}
