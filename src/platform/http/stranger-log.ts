import type { Clock } from '../clock.ts'
import type { Log, LogFields } from '../log.ts'
import { peerGroup } from './peer-address.ts'

const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
/** Number of addresses that are distinguished for one kind of line; all further ones are counted together. */
const ADDRESSES = 100
const OTHER_ADDRESSES = 'others'

/**
 * Logs the actions of strangers, so that an attack leaves a trace and cannot fill the log: the first line of each kind
 * and address is written at once, the others within a minute, or another interval, are counted and written as one.
 */
export class StrangerLog {
  readonly #log: Log
  readonly #clock: Clock
  readonly #windowMs: typeof MINUTE_MS | typeof HOUR_MS
  /** For each kind of line: the number of further ones of each address in its window. */
  readonly #kinds = new Map<string, Map<string, number>>()

  constructor(log: Log, clock: Clock, windowMs: typeof MINUTE_MS | typeof HOUR_MS = MINUTE_MS) {
    this.#log = log
    this.#clock = clock
    this.#windowMs = windowMs
  }

  /** `message` is a fixed sentence: there are as many kinds as there are calls in the code. */
  warn(message: string, peerAddress: string, fields: LogFields = {}): void {
    const counts = this.#kinds.get(message) ?? new Map<string, number>()
    this.#kinds.set(message, counts)
    const group = groupIn(counts, peerGroup(peerAddress))
    const more = counts.get(group)
    if (more !== undefined) return void counts.set(group, more + 1)
    this.#log.warn(message, { peerAddress, ...fields })
    this.#count(message, counts, group)
  }

  #count(message: string, counts: Map<string, number>, group: string): void {
    counts.set(group, 0)
    const counted = this.#windowMs === MINUTE_MS ? 'moreInTheLastMinute' : 'moreInTheLastHour'
    this.#clock.after(this.#windowMs, () => {
      const more = counts.get(group) ?? 0
      counts.delete(group)
      if (more === 0) return
      this.#log.warn(message, { peerAddress: group, [counted]: more })
      this.#count(message, counts, group)
    })
  }
}

function groupIn(counts: ReadonlyMap<string, number>, group: string): string {
  return counts.has(group) || counts.size < ADDRESSES ? group : OTHER_ADDRESSES
}
