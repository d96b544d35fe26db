import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import { inventedInstance } from '../../support/invented-instance.ts'
import { newUid } from '../../support/sealed-instance.ts'
import { sha256 } from '../../support/stored-at-center.ts'
import { until } from '../../support/until.ts'
import type { Acknowledged } from './kill-device.ts'
import type { SeededRandom } from './seeded-random.ts'

const KIB = 1024
const PATIENCE_MS = 120_000

export const hasStorescu = spawnSync('storescu', ['--version']).status === 0

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
  readonly #random: SeededRandom
  #isEnding = false
  readonly #running: Promise<void>

  constructor(port: number, folder: string, realFiles: readonly FileToSend[], random: SeededRandom) {
    this.#port = port
    this.#folder = folder
    this.#realFiles = realFiles
    this.#random = random
    mkdirSync(folder)
    this.#running = this.#sendStudies()
    // Whoever waits for the end is told; until then nobody may be waiting.
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
    return Array.from({ length: this.#random.integer(4, 12) }, () => {
      const { dataSet, ...instance } = inventedInstance(this.#random.integer(8 * KIB, 80 * KIB), uids)
      const path = join(this.#folder, `${instance.sopInstanceUid}.dcm`)
      writeFileSync(path, Buffer.concat([encodePart10Header(instance), dataSet]))
      return { path, sopInstanceUid: instance.sopInstanceUid, dataSetSha256: sha256(dataSet) }
    })
  }

  /** The paths for which storescu said that it had read Success. */
  async #sendOnce(files: readonly FileToSend[]): Promise<Set<string>> {
    const paths = files.map(({ path }) => path)
    const to = ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', String(this.#port)]
    const child = spawn('storescu', ['-v', '-R', '-nh', ...to, ...paths], {
      env: { ...process.env, TCP_NODELAY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (text: Buffer) => (said += text.toString('latin1')))
    child.stderr.on('data', (text: Buffer) => (said += text.toString('latin1')))
    const [exitCode] = await once(child, 'close')
    if (exitCode !== 0) this.broken++
    const read = successesIn(said)
    for (const file of files) if (read.has(file.path)) this.acknowledged.set(file.path, file)
    return read
  }
}

/** From storescu's own words: the file that it names before each Success. */
function successesIn(said: string): Set<string> {
  const paths = new Set<string>()
  let path = ''
  for (const line of said.split('\n')) {
    path = /Sending file: (.*)$/.exec(line)?.[1] ?? path
    if (line.includes('Received Store Response (Success)')) paths.add(path)
  }
  return paths
}
