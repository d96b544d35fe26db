import type { Clock } from './clock.ts'

/** Lets a loop sleep until it is called or a time has passed. A call while it is awake is remembered once. */
export class Wake {
  readonly #clock: Clock
  #called = false
  #resolve: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  call(): void {
    this.#called = true
    this.#resolve?.()
  }

  /** Returns early when called or aborted; never rejects. */
  async wait(delayMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#called && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          timer.cancel()
          signal.removeEventListener('abort', end)
          resolve()
        }
        const timer = this.#clock.after(delayMs, end)
        signal.addEventListener('abort', end)
        this.#resolve = end
      })
      this.#resolve = undefined
    }
    this.#called = false
  }
}
