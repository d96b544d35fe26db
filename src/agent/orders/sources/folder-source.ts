import { constants } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { OrderSourceSettings } from '../../../config/order-settings.ts'
import type { Clock } from '../../../platform/clock.ts'
import { describe, Failure, failureFrom, systemCode } from '../../../platform/failure.ts'
import { type OrderFileKind, readOrderFile, readOrderText } from '../records/read-order-file.ts'
import { answerOfRecords } from './answer-of-records.ts'
import type { PolledSource, SourceAnswer } from './order-source.ts'

const KINDS: Readonly<Record<string, OrderFileKind>> = { '.json': 'json', '.csv': 'csv', '.xml': 'xml' }
const MOST_FILES = 2000
const LARGEST_BYTES = 16 * 1024 * 1024
/** Older files belong to examinations that are over. */
const OLDEST_MS = 14 * 86_400_000
/** A file that cannot be read and was written within this time may still be on its way. */
const YOUNG_MS = 60_000

interface SeenFile {
  /** Size and time of the last change. */
  readonly mark: string
  readonly answer: SourceAnswer
}

/**
 * A folder into which a system writes its orders. Files are read and never changed. A file that was read is read again
 * only when its size or its time has changed.
 */
export class FolderSource implements PolledSource {
  readonly everyMs: number
  readonly #name: string
  readonly #settings: Extract<OrderSourceSettings, { kind: 'files' }>['files']
  readonly #clock: Clock
  #seen: ReadonlyMap<string, SeenFile> | undefined

  constructor({ name, files }: Extract<OrderSourceSettings, { kind: 'files' }>, clock: Clock) {
    this.#name = name
    this.#settings = files
    this.#clock = clock
    this.everyMs = files.everyMs
  }

  async ask(signal: AbortSignal): Promise<SourceAnswer | undefined> {
    const before = this.#seen
    const seen = new Map<string, SeenFile>()
    const faults: string[] = []
    for (const name of await this.#names()) {
      signal.throwIfAborted()
      const file = await this.#read(name, before?.get(name))
      if (file === undefined) continue
      seen.set(name, file)
      if (file.answer.problem !== undefined) faults.push(file.answer.problem)
    }
    const isSame = Array.from(seen).every(([name, file]) => before?.get(name) === file)
    if (before !== undefined && isSame && seen.size === before.size) return undefined
    this.#seen = seen
    const answers = Array.from(seen.values(), ({ answer }) => answer)
    return {
      orders: answers.flatMap(({ orders }) => orders),
      cancelled: answers.flatMap(({ cancelled }) => cancelled),
      ...(faults[0] !== undefined && { problem: faults[0] }),
    }
  }

  async #names(): Promise<string[]> {
    const { folder } = this.#settings
    try {
      const names = (await readdir(folder)).filter((name) => KINDS[extname(name).toLowerCase()] !== undefined)
      if (names.length <= MOST_FILES) return names.toSorted()
      throw new Failure('ORDERS_INVALID', `reading ${folder}: ${names.length} files, at most ${MOST_FILES}`)
    } catch (error) {
      throw failureFrom(error, 'ORDERS_UNREACHABLE', `reading the folder ${folder}`)
    }
  }

  /** Undefined for what is not a file, for an old file, and for one that is still being written. */
  async #read(name: string, before: SeenFile | undefined): Promise<SeenFile | undefined> {
    let age = 0
    try {
      // A link could lead out of the folder, and opening a pipe would wait for its writer.
      const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
      await using file = await open(join(this.#settings.folder, name), flags)
      const { size, mtimeMs, isRegular } = await look(file)
      age = this.#clock.now() - mtimeMs
      if (!isRegular || age > OLDEST_MS) return undefined
      const mark = `${size} ${mtimeMs}`
      if (before?.mark === mark) return before
      if (size > LARGEST_BYTES) return this.#faulty(mark, `${size} bytes, at most ${LARGEST_BYTES}`)
      try {
        return { mark, answer: await this.#answer(name, await file.readFile()) }
      } catch (error) {
        return age < YOUNG_MS ? before : this.#faulty(mark, wordsOf(error))
      }
    } catch (error) {
      const code = systemCode(error)
      return code === 'ENOENT' || code === 'ELOOP' ? undefined : this.#faulty('', describe(error))
    }
  }

  #answer(name: string, bytes: Buffer): Promise<SourceAnswer> {
    const kind = KINDS[extname(name).toLowerCase()] ?? 'json'
    const records = readOrderFile(readOrderText(bytes), kind, this.#settings.records)
    return answerOfRecords(this.#name, records, this.#settings, 'a file')
  }

  /** The name of a file can be that of a patient, so the words do not contain it. */
  #faulty(mark: string, found: string): SeenFile {
    return { mark, answer: { orders: [], cancelled: [], problem: `a file cannot be read: ${found}` } }
  }
}

async function look(file: FileHandle): Promise<{ size: number; mtimeMs: number; isRegular: boolean }> {
  const stats = await file.stat()
  return { size: stats.size, mtimeMs: stats.mtimeMs, isRegular: stats.isFile() }
}

const wordsOf = (error: unknown): string => (error instanceof Failure ? error.message : describe(error))
