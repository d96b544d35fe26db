import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { newUid } from '../../support/instances/sealed-instance.ts'
import { runStorescu } from '../../support/peers/storescu.ts'

/** Instances of one association. */
const AT_ONCE = 8
const PAUSE_MS = 500
const LIMIT_MS = 5 * 60_000

/** An instance that the agent has answered with Success. */
export interface Acknowledged {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopInstanceUid: string
  readonly dataSet: Buffer
}

/** A device outside the container that sends by DCMTK's storescu, and again what was not acknowledged. */
export class SendingDevice implements Disposable {
  readonly #folder: string
  readonly #to: readonly string[]
  readonly acknowledged: Acknowledged[] = []
  /** Associations that failed: the agent was away. */
  failures = 0
  #isEnded = false

  constructor(folder: string, host: string, port: number) {
    this.#folder = folder
    this.#to = ['-aet', 'CT1', '-aec', 'FERRY', '-to', '10', '-ta', '20', '-td', '20', host, String(port)]
  }

  /** Sends a study of this number of instances until each of them was acknowledged, for five minutes at most. */
  async send(instances: number, pixelBytes: number): Promise<void> {
    const left = this.#makeStudy(instances, pixelBytes)
    const deadline = performance.now() + LIMIT_MS
    while (left.size > 0 && !this.#isEnded) {
      if (performance.now() > deadline) throw new Error(`${left.size} instances were not acknowledged`)
      const files = [...left.keys()].slice(0, AT_ONCE)
      const exitCode = await runStorescu([...this.#to, ...files], (path) => {
        const instance = left.get(path)
        if (instance !== undefined) this.acknowledged.push(instance)
        left.delete(path)
      })
      if (exitCode === 0) continue
      this.failures++
      await sleep(PAUSE_MS)
    }
  }

  /** A test that has failed must not wait for the rest of a study. */
  [Symbol.dispose](): void {
    this.#isEnded = true
  }

  #makeStudy(instances: number, pixelBytes: number): Map<string, Acknowledged> {
    const [studyInstanceUid, seriesInstanceUid] = [newUid(), newUid()]
    const folder = join(this.#folder, studyInstanceUid)
    mkdirSync(folder, { recursive: true })
    const made = Array.from({ length: instances }, (_, number) => {
      const instance = inventedInstance(pixelBytes, { studyInstanceUid, seriesInstanceUid })
      const path = join(folder, `${number}.dcm`)
      writeFileSync(path, Buffer.concat([encodePart10Header(instance), instance.dataSet]))
      return [path, instance] as const
    })
    return new Map(made)
  }
}
