import { readdirSync, readFileSync } from 'node:fs'

/** Resources of a process at one moment; `pid` tells its lives apart. */
export interface Sample {
  readonly pid: number
  /** Ms since the soak began. */
  readonly atMs: number
  readonly residentBytes: number
  readonly descriptors: number
}

export interface Judgement {
  /** Length of the longest life that was seen. */
  readonly lifeMs: number
  readonly samples: number
  /** Medians of the first and the last third, after the warm-up. */
  readonly residentBytes: readonly [number, number]
  readonly descriptors: readonly [number, number]
  readonly bytesPerHour: number
  /** Undefined where it lived too short a time to tell. */
  readonly isFlat: boolean | undefined
}

const HOUR_MS = 3_600_000
/** Part of a life in which the engine compiles and the databases fill their caches. */
const WARM_UP = 0.25
const SHORTEST_LIFE_MS = 60_000
const FEWEST_SAMPLES = 12
/** The last third may hold this much more than the first. */
const ALLOWED_BYTES = 32 * 1024 * 1024
const ALLOWED_DESCRIPTORS = 8

/** Returns the resources that a process holds now; undefined if there is no such process, or no /proc. */
export function sampleProcess(pid: number, atMs: number): Sample | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    const descriptors = readdirSync(`/proc/${pid}/fd`).length
    return kib === undefined ? undefined : { pid, atMs, residentBytes: Number(kib) * 1024, descriptors }
  } catch {
    return undefined
  }
}

/** Whether memory and descriptors stayed where they were, over the longest life of the process. */
export function judgeFlat(samples: readonly Sample[]): Judgement {
  const life = longestLife(samples)
  const lifeMs = (life.at(-1)?.atMs ?? 0) - (life[0]?.atMs ?? 0)
  const warm = life.slice(Math.ceil(life.length * WARM_UP))
  const third = Math.max(1, Math.floor(warm.length / 3))
  const thirds = (of: (sample: Sample) => number): readonly [number, number] => [
    median(warm.slice(0, third).map(of)),
    median(warm.slice(-third).map(of)),
  ]
  const residentBytes = thirds((sample) => sample.residentBytes)
  const descriptors = thirds((sample) => sample.descriptors)
  const isFlat =
    residentBytes[1] - residentBytes[0] <= ALLOWED_BYTES &&
    descriptors[1] - descriptors[0] <= ALLOWED_DESCRIPTORS
  const isLong = lifeMs >= SHORTEST_LIFE_MS && life.length >= FEWEST_SAMPLES
  return {
    lifeMs,
    samples: life.length,
    residentBytes,
    descriptors,
    bytesPerHour: slope(warm) * HOUR_MS,
    isFlat: isLong ? isFlat : undefined,
  }
}

function longestLife(samples: readonly Sample[]): readonly Sample[] {
  const lives = Object.values(Object.groupBy(samples, ({ pid }) => String(pid)))
  return lives.reduce<readonly Sample[]>((longest, life = []) => {
    return life.length > longest.length ? life : longest
  }, [])
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** Bytes a millisecond, by least squares. */
function slope(samples: readonly Sample[]): number {
  const meanAt = mean(samples.map(({ atMs }) => atMs))
  const meanBytes = mean(samples.map(({ residentBytes }) => residentBytes))
  let [covariance, variance] = [0, 0]
  for (const { atMs, residentBytes } of samples) {
    covariance += (atMs - meanAt) * (residentBytes - meanBytes)
    variance += (atMs - meanAt) ** 2
  }
  return variance === 0 ? 0 : covariance / variance
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
