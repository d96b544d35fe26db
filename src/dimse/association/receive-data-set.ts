import type { Clock } from '../../platform/clock.ts'
import { timedOut } from '../wire/pdu.ts'
import type { Fragment, PduReader } from '../wire/pdu-reader.ts'
import { PieceGatherer } from '../wire/piece-gatherer.ts'
import type { StoreSink } from './association.ts'

type Taker = Pick<StoreSink, 'push'>

/**
 * Moves the data set that follows a command into the sink, one piece at a time. Without a sink, or once it has refused
 * a piece, the rest is read and dropped for at most `discardMs`: devices handle a status after the whole data set
 * better than an abort.
 */
export async function receiveDataSet(
  reader: PduReader,
  contextId: number,
  sink: Taker | undefined,
  clock: Clock,
  discardMs: number,
): Promise<void> {
  const flow = new DataSetFlow(reader, contextId, sink, clock, discardMs)
  while (!flow.isOver) {
    await reader.arriving(() => flow.take())
    await flow.behind()
  }
  flow.end()
  await flow.behind()
}

/** A data set on its way to a sink: no byte that arrives waits for a promise, unless the sink is behind. */
class DataSetFlow {
  readonly #reader: PduReader
  readonly #contextId: number
  readonly #clock: Clock
  readonly #discardMs: number
  readonly #gatherer = new PieceGatherer()
  #wanting: Taker | undefined
  #droppedSinceMs: number
  #fragment: Fragment | undefined
  #behind: Promise<unknown> | undefined
  #isOver = false

  constructor(
    reader: PduReader,
    contextId: number,
    sink: Taker | undefined,
    clock: Clock,
    discardMs: number,
  ) {
    this.#reader = reader
    this.#contextId = contextId
    this.#wanting = sink
    this.#clock = clock
    this.#discardMs = discardMs
    this.#droppedSinceMs = clock.monotonicMs()
  }

  /** True once the last fragment was taken. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Resolves when more can be taken: the sink, or another connection, had to be waited for. */
  async behind(): Promise<void> {
    const behind = this.#behind
    this.#behind = undefined
    await behind
  }

  /** Takes what has arrived. Returns true if it is over, or {@link behind} must be awaited first. */
  take(): boolean {
    for (;;) {
      const fragment = this.#fragment ?? this.#next()
      if (fragment === undefined) return this.#behind !== undefined
      for (let piece = this.#reader.pieceNow(); piece !== undefined; piece = this.#reader.pieceNow()) {
        if (this.#wanting === undefined) this.#drop()
        else this.#offer(this.#gatherer.push(piece))
        if (this.#behind !== undefined) return true
      }
      if (!this.#reader.isFragmentWhole) return false
      this.#fragment = undefined
      this.#isOver = fragment.isLast
      if (fragment.isLast) return true
    }
  }

  /** Offers the last bytes. */
  end(): void {
    if (this.#wanting !== undefined) this.#offer(this.#gatherer.finish())
  }

  #next(): Fragment | undefined {
    const next = this.#reader.continuationNow(this.#contextId, false)
    if (next instanceof Promise) this.#behind = next
    else this.#fragment = next
    return this.#fragment
  }

  /** A piece of a read is good until this returns: those that must wait for the sink are copied. */
  #offer(pieces: readonly Buffer[]): void {
    for (const [i, piece] of pieces.entries()) {
      if (this.#wanting === undefined) return
      try {
        const taken = this.#wanting.push(piece)
        if (taken === undefined) continue
        this.#behind = this.#offerLater(
          taken,
          pieces.slice(i + 1).map((rest) => Buffer.from(rest)),
        )
        return
      } catch {
        this.#refused()
      }
    }
  }

  /** The peer's time limit is suspended while it waits for the sink. */
  async #offerLater(taken: Promise<void>, rest: readonly Buffer[]): Promise<void> {
    this.#reader.stopTimer()
    try {
      await taken
      for (const piece of rest) await this.#wanting?.push(piece)
    } catch {
      this.#refused()
    } finally {
      this.#reader.restartTimer()
    }
  }

  /** The sink knows the reason. */
  #refused(): void {
    this.#wanting = undefined
    this.#droppedSinceMs = this.#clock.monotonicMs()
  }

  #drop(): void {
    if (this.#clock.monotonicMs() - this.#droppedSinceMs > this.#discardMs)
      throw timedOut('the rest of a refused data set')
  }
}
