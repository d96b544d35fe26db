import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { until } from '../../support/clocks/until.ts'
import { soundInstance } from '../../support/instances/invented-instance.ts'
import { newUid } from '../../support/instances/sealed-instance.ts'
import { runStorescu } from '../../support/peers/storescu.ts'
import type { Random } from '../../support/random.ts'
import type { Acknowledged } from './kill-device.ts'

const KIB = 1024
const PATIENCE_MS = 120_000

/** A file for storescu, and what it is once Success was read for it. */
export interface FileToSend extends Acknowledged {
  readonly path: string
}

/**
 * storescu as a device that sends one small study after the other, each in a process of its own, and sends again what it
 * did not read Success for. With every study it sends some real files once more.
 */
export class StorescuFeed {
  /** By path, from the moment in which storescu has said so. */
  readonly acknowledged = new Map<string, FileToSend>()
  /** How often a process of storescu ended with a fault. */
  broken = 0
  readonly #port: number
  readonly #folder: string
  readonly #realFiles: readonly FileToSend[]
  readonly #random: Random
  #isEnding = false
  readonly #running: Promise<void>

  constructor(port: number, folder: string, realFiles: readonly FileToSend[], random: Random) {
    this.#port = port
    this.#folder = folder
    this.#realFiles = realFiles
    this.#random = random
    mkdirSync(folder)
    this.#running = this.#sendStudies()
    // A caller that waits for the end is told; until then there may be no such caller.
    this.#running.catch(() => {})
  }

  /** The study that was begun is sent to its end, then no more. */
  async end(): Promise<void> {
    this.#isEnding = true
    await this.#running
  }

  async #sendStudies(): Promise<void> {
    for (let study = 0; !this.#isEnding; study++) {
      const made = this.#makeStudy()
      const from = (3 * study) % Math.max(1, this.#realFiles.length)
      const files = [...made, ...this.#realFiles.slice(from, from + 3)]
      let left = files
      await until(
        async () => {
          const read = await this.#sendOnce(left)
          left = left.filter(({ path }) => !read.has(path))
          return left.map(({ path }) => path)
        },
        (paths) => paths.length === 0,
        PATIENCE_MS,
      )
      for (const { path } of made) rmSync(path)
    }
  }

  /** A new study of invented instances, as files. */
  #makeStudy(): FileToSend[] {
    const uids = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
    return Array.from({ length: this.#random.between(4, 11) }, () => {
      const { dataSet, ...instance } = soundInstance(this.#random.between(8 * KIB, 80 * KIB), uids)
      const path = join(this.#folder, `${instance.sopInstanceUid}.dcm`)
      writeFileSync(path, Buffer.concat([encodePart10Header(instance), dataSet]))
      return { path, sopInstanceUid: instance.sopInstanceUid, dataSetSha256: sha256(dataSet) }
    })
  }

  /** The paths for which storescu said that it had read Success. */
  async #sendOnce(files: readonly FileToSend[]): Promise<Set<string>> {
    const paths = files.map(({ path }) => path)
    const to = ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', String(this.#port)]
    const read = new Set<string>()
    const env = { ...process.env, TCP_NODELAY: '1' }
    const exitCode = await runStorescu(['-nh', ...to, ...paths], (path) => read.add(path), env)
    if (exitCode !== 0) this.broken++
    for (const file of files) if (read.has(file.path)) this.acknowledged.set(file.path, file)
    return read
  }
}
