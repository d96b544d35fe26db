import { setTimeout as pause } from 'node:timers/promises'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { until } from '../../support/clocks/until.ts'
import { soundInstance } from '../../support/instances/invented-instance.ts'
import { newUid } from '../../support/instances/sealed-instance.ts'
import type { RawInstance } from '../../support/peers/send-instances.ts'
import type { Random } from '../../support/random.ts'

const KIB = 1024

/** A device takes up to this long to its next instance: the programs are to be met at work, not out of breath. */
const SCAN_MS = 40

/** How long a device goes on about one study. */
const PATIENCE_MS = 120_000

/**
 * Insistent devices: each sends one small study after the other over an association of its own, and sends again what was
 * not answered with Success. Acknowledged instances are in a log outside the machine that answered.
 */
export class DeviceFeed implements AsyncDisposable {
  /** SHA-256 of the data set by SOP Instance UID, from the moment in which Success was read. */
  readonly acknowledged = new Map<string, string>()
  readonly #port: number
  readonly #random: Random
  readonly #giveUp = new AbortController()
  readonly #devices: Promise<void>[]
  #isEnding = false
  #next = Promise.withResolvers<void>()

  constructor(port: number, devices: number, random: Random) {
    this.#port = port
    this.#random = random
    this.#devices = Array.from({ length: devices }, (_, i) => this.#sendStudies(`CT${i}`))
    // A caller that waits for the end is told; until then there may be no such caller.
    for (const device of this.#devices) device.catch(() => {})
  }

  /** Resolves when the next instance has been acknowledged. */
  nextAcknowledgement(): Promise<void> {
    return this.#next.promise
  }

  /** Every study that was begun is sent to its end, then no more. */
  async end(): Promise<void> {
    this.#isEnding = true
    await Promise.all(this.#devices)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true
    this.#giveUp.abort(new Error('the test is over'))
    await Promise.allSettled(this.#devices)
  }

  async #sendStudies(callingAeTitle: string): Promise<void> {
    while (!this.#isEnding) {
      const uids = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
      let left: RawInstance[] = Array.from({ length: this.#random.between(4, 12) }, () =>
        soundInstance(this.#random.between(16 * KIB, 64 * KIB), uids),
      )
      await until(
        async () => {
          await this.#sendOverOne(callingAeTitle, left).catch(() => {})
          left = left.filter(({ sopInstanceUid }) => !this.acknowledged.has(sopInstanceUid))
          return left.length
        },
        (count) => count === 0 || this.#giveUp.signal.aborted,
        PATIENCE_MS,
      )
    }
  }

  /** Over one association; it may break at any moment. */
  async #sendOverOne(callingAeTitle: string, instances: readonly RawInstance[]): Promise<void> {
    const { sopClassUid, transferSyntaxUid } = instances[0] ?? soundInstance(0)
    const association = await openAssociation(
      {
        host: '127.0.0.1',
        port: this.#port,
        callingAeTitle,
        calledAeTitle: 'FERRY',
        contexts: [{ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] }],
        clock: systemClock,
      },
      this.#giveUp.signal,
    )
    for (const instance of instances) {
      const { status } = await association.store({ ...instance, dataSet: whole(instance.dataSet) })
      if (status === 0) this.#acknowledge(instance)
      await pause(this.#random.between(0, SCAN_MS))
    }
    await association.release()
  }

  #acknowledge({ sopInstanceUid, dataSet }: RawInstance): void {
    this.acknowledged.set(sopInstanceUid, sha256(dataSet))
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }
}

async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
