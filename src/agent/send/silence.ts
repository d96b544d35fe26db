import type { Clock, Timer } from '../../platform/clock.ts'

/**
 * Detects a half-open connection: the other side is gone without notice. Its signal is aborted once nothing has moved
 * for `limitMs` on the monotonic clock; each piece that is sent or received restarts the time.
 */
export class Silence implements Disposable {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #outer: AbortSignal | undefined
  readonly #abort = new AbortController()
  readonly #onOuter = (): void => this.#abort.abort(this.#outer?.reason)
  #timer: Timer | undefined
  #words: string | undefined

  /** `outer` ends it too. */
  constructor(clock: Clock, limitMs: number, outer?: AbortSignal) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#outer = outer
    this.#timer = this.#start()
    if (outer?.aborted === true) this.#onOuter()
    outer?.addEventListener('abort', this.#onOuter)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The length of the silence, in words, once it has ended the connection. */
  get words(): string | undefined {
    return this.#words
  }

  /** A sign of life. */
  heard(): void {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#timer = this.#start()
  }

  /** Passes pieces on; each is a sign of life. */
  async *during<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      this.heard()
      yield piece
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#outer?.removeEventListener('abort', this.#onOuter)
  }

  #start(): Timer {
    return this.#clock.after(this.#limitMs, () => {
      this.#words = `nothing moved for ${Math.round(this.#limitMs / 1000)} s`
      this.#abort.abort(new Error(this.#words))
    })
  }
}
