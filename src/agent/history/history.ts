import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { HistorySpan, HistoryView } from '../../protocol/agent-views-api.ts'
import { type Ulid, ulidTime } from '../../protocol/ulid.ts'
import { type HourCounts, readHistory, writeHistory } from './history-file.ts'

const HOUR_MS = 3_600_000
const HOURS = 24
const DAYS = 30
const WRITE_EVERY_MS = 60_000

interface HistoryOptions {
  /** The agent's data folder. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

/** Counts what the agent does, by hour. Kept in `history.json`; a crash loses at most the last minute of it. */
export class History implements AsyncDisposable {
  readonly #path: string
  readonly #clock: Clock
  readonly #log: Log
  /** By the beginning of the hour. */
  readonly #hours: Map<number, HourCounts>
  readonly #stop = new AbortController()
  readonly #written: Promise<void>
  #isChanged = false

  private constructor({ folder, clock, log }: HistoryOptions, hours: readonly HourCounts[]) {
    this.#path = join(folder, 'history.json')
    this.#clock = clock
    this.#log = log
    this.#hours = new Map(hours.map((hour) => [hour.at, hour]))
    this.#written = this.#keepWriting()
  }

  /** A file that is damaged is begun again. */
  static async open(options: HistoryOptions): Promise<History> {
    try {
      return new History(options, await readHistory(join(options.folder, 'history.json')))
    } catch (error) {
      const { message } = failureFrom(error, 'STORAGE_ERROR', 'reading the history')
      options.log.warn('history of figures cannot be read and begins again', { reason: message })
      return new History(options, [])
    }
  }

  /** An instance was accepted. */
  arrived(sealedBytes: number): void {
    const hour = this.#hour()
    hour.images++
    hour.bytes += sealedBytes
  }

  /** A caller or an instance was turned away. */
  turnedAway(): void {
    this.#hour().refused++
  }

  /** A request to the center failed. */
  failed(): void {
    this.#hour().failures++
  }

  /** These instances have their first receipt. */
  confirmed(ulids: readonly Ulid[]): void {
    const [hour, now] = [this.#hour(), this.#clock.now()]
    hour.confirmed += ulids.length
    for (const ulid of ulids) hour.latencySumMs += Math.max(0, now - ulidTime(ulid))
  }

  /** The last 24 hours and 30 days of this machine's calendar; the present ones are the last. */
  view(): HistoryView {
    const now = this.#clock.now()
    const thisHour = startOfHour(now)
    const hours = Array.from({ length: HOURS }, (_, i) => {
      const at = thisHour - (HOURS - 1 - i) * HOUR_MS
      return spanOf(at, [this.#hours.get(at)])
    })
    const days = Array.from({ length: DAYS }, (_, i) => startOfDay(now, i - (DAYS - 1)))
    const byDay = new Map<number, HourCounts[]>(days.map((day) => [day, []]))
    for (const hour of this.#hours.values()) byDay.get(startOfDay(hour.at, 0))?.push(hour)
    return { now, hours, days: days.map((day) => spanOf(day, byDay.get(day) ?? [])) }
  }

  /** Writes the counts down once more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#written
  }

  async #keepWriting(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#clock.sleep(WRITE_EVERY_MS, this.#stop.signal).catch(() => {})
      await this.#write()
    }
  }

  async #write(): Promise<void> {
    if (!this.#isChanged) return
    const oldest = startOfDay(this.#clock.now(), -DAYS)
    for (const at of this.#hours.keys()) if (at < oldest) this.#hours.delete(at)
    this.#isChanged = false
    try {
      await writeHistory(this.#path, [...this.#hours.values()])
    } catch (error) {
      this.#isChanged = true
      const { code, message } = failureFrom(error, 'STORAGE_ERROR', 'writing the history')
      this.#log.warn('history of figures not written', { code, reason: message })
    }
  }

  #hour(): HourCounts {
    const at = startOfHour(this.#clock.now())
    this.#isChanged = true
    let hour = this.#hours.get(at)
    if (hour === undefined) {
      hour = { at, images: 0, bytes: 0, refused: 0, failures: 0, confirmed: 0, latencySumMs: 0 }
      this.#hours.set(at, hour)
    }
    return hour
  }
}

const startOfHour = (time: number): number => Math.floor(time / HOUR_MS) * HOUR_MS

/** The local midnight before `time`, `shift` days later. */
function startOfDay(time: number, shift: number): number {
  const date = new Date(time)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + shift).getTime()
}

function spanOf(at: number, hours: readonly (HourCounts | undefined)[]): HistorySpan {
  const sum = { images: 0, bytes: 0, refused: 0, failures: 0, confirmed: 0 }
  let latencySumMs = 0
  for (const hour of hours) {
    if (hour === undefined) continue
    for (const name of ['images', 'bytes', 'refused', 'failures', 'confirmed'] as const)
      sum[name] += hour[name]
    latencySumMs += hour.latencySumMs
  }
  return { at, ...sum, latencyMs: sum.confirmed === 0 ? null : Math.round(latencySumMs / sum.confirmed) }
}
