import { mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../platform/durable-file.ts'
import { storageFailure, systemCode } from '../../platform/failure.ts'
import type { StudyPersons } from '../deidentify/rules/study-persons.ts'

const FOLDER = 'deid-studies'
const FILE = /^(\d{8})\.txt$/
const LINE = /^([0-9a-f]{32}) ([0-9a-f]{32})$/
const FILE_ENTRIES = 25_000
const FILES = 4

/**
 * Stores for each study the person of its first instance, in files of the data folder: two HMACs to a line, which
 * reveal nothing without the project's key. The newest 100,000 studies are known; the oldest file is removed when a new
 * one begins.
 *
 * An entry counts at once. It is on the disk when {@link durable} resolves, which is before the device is answered with
 * Success, so that copies agree across a restart. A line that a power cut tore is skipped.
 */
export class StudyPersonLog implements StudyPersons {
  readonly #folder: string
  readonly #entriesInFile: number
  /** Oldest first. */
  readonly #persons = new Map<string, string>()
  #fileNumber = 1
  #inFile = 0
  #unsaved: string[] = []
  #writing: Promise<void> = Promise.resolve()

  private constructor(folder: string, entriesInFile: number) {
    this.#folder = folder
    this.#entriesInFile = entriesInFile
  }

  /** Reads the files and writes nothing. Throws STORAGE_ERROR. */
  static async open(dataFolder: string, entriesInFile = FILE_ENTRIES): Promise<StudyPersonLog> {
    const log = new StudyPersonLog(join(dataFolder, FOLDER), entriesInFile)
    for (const number of await log.#numbers()) await log.#read(number)
    return log
  }

  personOf(study: string, own: string): string {
    const known = this.#persons.get(study)
    if (known !== undefined) return known
    this.#remember(study, own)
    this.#unsaved.push(`${study} ${own}`)
    return own
  }

  /**
   * Resolves when all entries so far are on the disk; rejects with STORAGE_FULL or STORAGE_ERROR, and may be called
   * again.
   */
  durable(): Promise<void> {
    if (this.#unsaved.length === 0) return Promise.resolve()
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write())
    return this.#writing
  }

  #remember(study: string, person: string): void {
    this.#persons.set(study, person)
    const [oldest] = this.#persons.keys()
    if (this.#persons.size > FILES * this.#entriesInFile && oldest !== undefined) this.#persons.delete(oldest)
  }

  async #write(): Promise<void> {
    const entries = this.#unsaved.slice(0, this.#entriesInFile)
    if (entries.length === 0) return
    const isNext = this.#inFile + entries.length > this.#entriesInFile
    const number = isNext ? this.#fileNumber + 1 : this.#fileNumber
    // In front of them, the end of a line that may be torn.
    await this.#append(number, `\n${entries.join('\n')}\n`)
    this.#inFile = (isNext ? 0 : this.#inFile) + entries.length
    this.#fileNumber = number
    this.#unsaved = this.#unsaved.slice(entries.length)
    if (isNext) await this.#removeBefore(number - FILES + 1)
    await this.#write()
  }

  async #append(number: number, lines: string): Promise<void> {
    const path = this.#pathOf(number)
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await using handle = await open(path, 'a', 0o600)
      const isNew = (await handle.stat()).size === 0
      await handle.writeFile(lines)
      await handle.datasync()
      if (isNew) await syncFolder(this.#folder)
    } catch (error) {
      throw storageFailure(error, `writing ${path}`)
    }
  }

  async #removeBefore(number: number): Promise<void> {
    for (const old of await this.#numbers()) {
      const path = this.#pathOf(old)
      if (old < number) {
        await unlink(path).catch((error: unknown) => {
          throw storageFailure(error, `removing ${path}`)
        })
      }
    }
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return []
      throw storageFailure(error, `reading ${this.#folder}`)
    })
    return names
      .flatMap((name) => FILE.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b)
  }

  async #read(number: number): Promise<void> {
    const path = this.#pathOf(number)
    const text = await readFile(path, 'latin1').catch((error: unknown) => {
      throw storageFailure(error, `reading ${path}`)
    })
    this.#fileNumber = number
    this.#inFile = 0
    for (const line of text.split('\n')) {
      const [, study, person] = LINE.exec(line) ?? []
      if (study === undefined || person === undefined) continue
      this.#inFile++
      // If a study is written twice, the first line counts.
      if (!this.#persons.has(study)) this.#remember(study, person)
    }
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${String(number).padStart(8, '0')}.txt`)
  }
}
