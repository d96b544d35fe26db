/** A timer that can be cancelled; cancelling it twice is harmless. */
export interface Timer {
  cancel(): void
}

/**
 * The source of time, passed to all code that needs it, so that tests can move it. Durations are differences of {@link
 * monotonicMs}: the wall clock of a clinic's PC jumps.
 */
export interface Clock {
  /** Wall-clock time in ms since 1970; for display and records, never for measuring. */
  now(): number
  /** Ms since an arbitrary moment; never goes back. */
  monotonicMs(): number
  /** Calls back once after `delayMs`; the timer alone does not keep the process alive. */
  after(delayMs: number, call: () => void): Timer
  /** Resolves after `delayMs`; rejects with the signal's reason if it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** Node's clocks. A delay over 24.8 days, the longest that a Node timer takes, is cut to that. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, 2 ** 31 - 1))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(asError(signal.reason))
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(delayMs, 2 ** 31 - 1),
      )
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(asError(signal?.reason))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}

const asError = (reason: unknown): Error => (Error.isError(reason) ? reason : new Error(String(reason)))
