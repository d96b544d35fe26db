import type { StoreAnswer, StoreRequest, StoreSink } from '../../dimse/association/association.ts'
import type { Failure } from '../../platform/failure.ts'
import type { DeviceWatch } from './device-watch.ts'

/** Passes an instance on to its intake, and notes its size and its answer for the device that sends it. */
export class CountedSink implements StoreSink {
  readonly #request: StoreRequest
  readonly #intake: StoreSink
  readonly #watch: DeviceWatch
  #bytes = 0

  constructor(request: StoreRequest, intake: StoreSink, watch: DeviceWatch) {
    this.#request = request
    this.#intake = intake
    this.#watch = watch
  }

  push(chunk: Buffer): Promise<void> | undefined {
    this.#bytes += chunk.length
    return this.#intake.push(chunk)
  }

  async finish(): Promise<StoreAnswer> {
    const answer = await this.#intake.finish()
    this.#watch.answered(this.#request, answer, this.#bytes)
    return answer
  }

  discard(reason: Failure): void {
    this.#intake.discard(reason)
  }
}
