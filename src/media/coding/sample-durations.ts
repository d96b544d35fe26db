/** Durations of samples that differ by less are those of one rate in rounded units. */
const TOLERANCE = 0.1

/** The durations of the samples of a track, in its units. */
export class SampleDurations {
  #samples = 0
  #total = 0
  /** Number of samples of each duration; a few, unless the rate varies. */
  readonly #counts = new Map<number, number>()

  /** Reads a decoding time table, `stts` (ISO 14496-12 §8.6.1.2). */
  static ofTable(table: Buffer | undefined): SampleDurations {
    const durations = new SampleDurations()
    if (table === undefined) return durations
    for (let at = 8; at + 8 <= table.length; at += 8)
      durations.add(table.readUInt32BE(at), table.readUInt32BE(at + 4))
    return durations
  }

  add(samples: number, duration: number): void {
    if (samples === 0) return
    this.#samples += samples
    this.#total += samples * duration
    // A rate that varies is known by a few durations.
    if (this.#counts.size < 1000 || this.#counts.has(duration))
      this.#counts.set(duration, (this.#counts.get(duration) ?? 0) + samples)
  }

  get samples(): number {
    return this.#samples
  }

  get total(): number {
    return this.#total
  }

  /** True if more than one sample, which may be the last, has another duration than most. */
  get isVarying(): boolean {
    const usual = Array.from(this.#counts).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 0
    let others = 0
    for (const [duration, count] of this.#counts)
      if (Math.abs(duration - usual) > Math.max(1, usual * TOLERANCE)) others += count
    return others > 1
  }
}
