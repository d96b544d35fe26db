import type { Clock, Timer } from '../../../src/platform/clock.ts'

interface Waiting {
  readonly atMs: number
  readonly call: () => void
}

/** A clock that stops until a test moves it. */
export class ManualClock implements Clock {
  readonly #startMs: number
  readonly #timers = new Set<Waiting>()
  readonly #watchers = new Set<() => void>()
  #elapsedMs = 0

  constructor(startMs = Date.UTC(2024, 0, 1)) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#elapsedMs
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, call: () => void): Timer {
    const timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), call }
    this.#timers.add(timer)
    for (const watcher of this.#watchers) watcher()
    return { cancel: () => void this.#timers.delete(timer) }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error)
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason as Error)
      }
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Moves time on; timers that fall due are called in their order, each at its own moment. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#timers.delete(next)
      this.#elapsedMs = next.atMs
      next.call()
    }
    this.#elapsedMs = untilMs
  }

  /** How long until the next timer falls due; undefined when none is set. */
  get nextTimerMs(): number | undefined {
    const next = this.#next(Infinity)
    return next === undefined ? undefined : next.atMs - this.#elapsedMs
  }

  /** Resolves once a timer is set that falls due in exactly `delayMs`. */
  async timerOf(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (![...this.#timers].some(({ atMs }) => atMs - this.#elapsedMs === delayMs)) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  #next(untilMs: number): Waiting | undefined {
    return [...this.#timers].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]
  }
}
