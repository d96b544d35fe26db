import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'

/** Aborts when nothing has moved for the limit. */
export class StallWatchdog {
  readonly #controller = new AbortController()
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #attempted: string
  #timer: { cancel(): void } | undefined

  constructor(clock: Clock, timeoutMs: number, attempted: string) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#attempted = attempted
    this.moved()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  moved(): void {
    this.stop()
    const found = `${this.#attempted}: nothing moved for ${this.#timeoutMs} ms`
    this.#timer = this.#clock.after(this.#timeoutMs, () =>
      this.#controller.abort(new Failure('PACS_UNREACHABLE', found)),
    )
  }

  stop(): void {
    this.#timer?.cancel()
  }

  async *watch<Piece extends Uint8Array>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      this.moved()
      yield piece
    }
    this.moved()
  }
}
