import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { MarkerRegister } from '../register/store-register.ts'
import type { InstanceStore } from './instance-store.ts'

const LOOK_EVERY_MS = 10_000

interface StoreWatchOptions {
  readonly store: InstanceStore
  readonly marker: MarkerRegister
  readonly clock: Clock
  readonly log: Log
}

/**
 * Checks that the disk in the place of the instance store is the right one: it has the marker whose id the register
 * knows. While it is not (the disk is not mounted, or another one is), nothing is opened, confirmed by receipt or
 * marked as lost. Work continues by itself when the right disk is back.
 */
export class StoreWatch implements AsyncDisposable {
  readonly #options: StoreWatchOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #isPresent = true

  constructor(options: StoreWatchOptions) {
    this.#options = options
  }

  /** Looks every 10 seconds, so that a person learns of a missing disk even if nothing arrives. */
  start(): void {
    this.#running = this.#run().catch(() => {})
  }

  /** Looks now. Throws STORE_MISSING unless the right disk is there. */
  async check(): Promise<void> {
    const { store, marker, log } = this.#options
    const [found, expected] = [await store.id(), await marker.id()]
    const isPresent = found !== undefined && found === expected
    const failure = isPresent ? undefined : storeMissing(store.place, found, expected)
    if (failure !== undefined && this.#isPresent) {
      log.error('the instance store is not there: no receipts, packs wait', {
        code: failure.code,
        reason: failure.message,
      })
    }
    if (isPresent && !this.#isPresent) log.info('the instance store is there again')
    this.#isPresent = isPresent
    if (failure !== undefined) throw failure
  }

  /** Looks now. */
  async isPresent(): Promise<boolean> {
    return this.check().then(
      () => true,
      () => false,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(LOOK_EVERY_MS, this.#stop.signal)
      await this.isPresent()
    }
  }
}

/** Describes what was found, what was expected, and what to do. */
export function storeMissing(
  place: string,
  found: string | undefined,
  expected: string | undefined,
): Failure {
  const has = found === undefined ? 'has no marker that can be read' : `has the marker ${short(found)}`
  return new Failure(
    'STORE_MISSING',
    `looking at the instance store: ${place} ${has}, where ${short(expected)} is expected: mount the right disk; ` +
      "if it is lost or was replaced, run 'ferry-center store accept'",
  )
}

const short = (id = 'none'): string => id.slice(0, 8)
