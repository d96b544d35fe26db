import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, failureFrom } from '../../../platform/failure.ts'
import { Wake } from '../../../platform/wake.ts'
import type { KeptOrders } from '../cache/kept-orders.ts'
import type { PolledSource } from '../sources/order-source.ts'
import type { SourceWatch } from './source-watch.ts'

interface AskedSourceOptions {
  readonly name: string
  readonly source: PolledSource
  readonly known: KeptOrders
  readonly watch: SourceWatch
  readonly clock: Clock
}

/** Asks one source again and again, in the background. A source that fails leaves the orders that it gave before. */
export class AskedSource {
  readonly #options: AskedSourceOptions
  readonly #wake: Wake
  #problem: Failure | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(options: AskedSourceOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.askNow(signal)
      await this.#wake.wait(this.#options.source.everyMs, signal)
    }
  }

  /** Asks the source, after a question that is under way; the state of its watch is then new. Never rejects. */
  askNow(signal: AbortSignal): Promise<void> {
    this.#last = this.#last.then(() => this.#ask(signal))
    return this.#last
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { name, source, known, watch } = this.#options
    try {
      const answer = await source.ask(signal)
      if (answer !== undefined) {
        await known.takeList(name, answer, () => setImmediate())
        const { problem } = answer
        this.#problem = problem === undefined ? undefined : new Failure('ORDERS_INVALID', problem)
      }
      known.forgetOld()
      if (this.#problem === undefined) watch.succeeded()
      else watch.failed(this.#problem, true)
    } catch (error) {
      if (!signal.aborted) watch.failed(failureFrom(error, 'INTERNAL', 'asking for orders'))
    }
  }
}
