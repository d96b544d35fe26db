import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isUid, trimUid } from '../../dicom/vocabulary/uid.ts'
import { syncFolder, writeAll } from '../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../platform/failure.ts'
import { isUlid } from '../../protocol/ulid.ts'
import type { InstanceName, InstanceStore, InstanceWriter } from './instance-store.ts'
import { removeLeftovers } from './leftovers.ts'
import { readMarker, writeMarker } from './store-marker.ts'

const READ_BYTES = 256 * 1024
/** The name does not exist, or a folder of the path is not a folder. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])

/** instances/<study>/<series>/<SOP instance>.dcm; a further version of the same UID has `~` and its ULID in its name. */
export class FileInstanceStore implements InstanceStore {
  readonly #folder: string
  /** Files whose names no folder sync has covered yet; true = one has failed since the name was made. */
  readonly #unsynced = new Map<string, boolean>()
  /** Files of this process that the register does not know yet. */
  readonly #underWay = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async create(name: InstanceName): Promise<InstanceWriter> {
    const series = join(safeName(name.studyInstanceUid), safeName(name.seriesInstanceUid))
    const base = safeName(name.sopInstanceUid)
    const ulid = isUlid(name.ulid) ? name.ulid : safeName(name.ulid)
    // The last is for a name that a crash left half written; only the register knows which file is whole.
    for (const stem of [base, `${base}~${ulid}`, `${base}~${randomBytes(8).toString('hex')}`]) {
      const file = join(series, `${stem}.dcm`)
      const handle = await this.#openNew(file)
      if (handle === undefined) continue
      this.#unsynced.set(file, false)
      this.#underWay.add(file)
      const discarded = (): void => {
        this.#unsynced.delete(file)
        this.#underWay.delete(file)
      }
      return new FileInstanceWriter(file, join(this.#folder, file), handle, discarded)
    }
    throw new Failure('STORAGE_ERROR', `creating an instance file in ${series}: every name is taken`)
  }

  /**
   * After a failed sync of a folder the next one may succeed without having written the names that were new before: no
   * file that was created before a failure is ever declared durable.
   */
  async syncNames(files: readonly string[]): Promise<void> {
    const folders = new Set<string>()
    for (const file of files) {
      const series = dirname(file)
      for (const folder of [series, dirname(series), '.']) folders.add(folder)
    }
    try {
      for (const folder of folders) await syncFolder(join(this.#folder, folder))
    } catch (error) {
      for (const file of this.#unsynced.keys()) this.#unsynced.set(file, true)
      throw storageFailure(error, 'making the names of instances durable')
    }
    if (files.some((file) => this.#unsynced.get(file) === true)) {
      throw new Failure(
        'STORAGE_ERROR',
        'making the names of instances durable: syncing them had failed before',
      )
    }
    for (const file of files) this.#unsynced.delete(file)
  }

  async settled(files: readonly string[], isNamed: (file: string) => Promise<boolean>): Promise<void> {
    for (const file of files) this.#underWay.delete(file)
    // The order matters: a file that is no longer being written has been named.
    const isNobodys = async (file: string): Promise<boolean> =>
      !this.#underWay.has(file) && !(await isNamed(file).catch(() => true))
    await removeLeftovers(this.#folder, files, isNobodys)
  }

  async *read(file: string): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(join(this.#folder, file), { highWaterMark: READ_BYTES })
    } catch (error) {
      throw storageFailure(error, 'reading a stored instance')
    }
  }

  get place(): string {
    return this.#folder
  }

  id(): Promise<string | undefined> {
    return readMarker(this.#folder)
  }

  mark(id: string): Promise<void> {
    return writeMarker(this.#folder, id)
  }

  async fault(file: string, bytes: number): Promise<string | undefined> {
    try {
      const found = await stat(join(this.#folder, file))
      if (!found.isFile()) return 'it is not a file'
      return found.size === bytes ? undefined : `it has ${found.size} bytes, where ${bytes} were stored`
    } catch (error) {
      if (GONE.has(systemCode(error) ?? '')) return 'it is gone'
      throw storageFailure(error, 'looking at a stored instance')
    }
  }

  async remove(file: string): Promise<void> {
    await unlink(join(this.#folder, file)).catch(() => {})
  }

  /** Returns undefined if the name is taken. */
  async #openNew(file: string): Promise<FileHandle | undefined> {
    const path = join(this.#folder, file)
    const create = (): Promise<FileHandle> => open(path, 'wx', 0o600)
    try {
      return await create().catch(async (error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        return create()
      })
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return undefined
      throw storageFailure(error, 'creating an instance file')
    }
  }
}

class FileInstanceWriter implements InstanceWriter {
  readonly file: string
  readonly #path: string
  readonly #handle: FileHandle
  readonly #discarded: () => void

  constructor(file: string, path: string, handle: FileHandle, discarded: () => void) {
    this.file = file
    this.#path = path
    this.#handle = handle
    this.#discarded = discarded
  }

  async push(pieces: readonly Uint8Array[]): Promise<void> {
    await writeAll(this.#handle, pieces).catch((error: unknown) => {
      throw storageFailure(error, 'writing an instance')
    })
  }

  async finish(): Promise<void> {
    try {
      await this.#handle.datasync()
      await this.#handle.close()
    } catch (error) {
      throw storageFailure(error, 'making an instance durable')
    }
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await unlink(this.#path).catch(() => {})
    this.#discarded()
  }
}

/**
 * Makes a file or folder name of a UID. A text that is not a UID (it came from a device, and may be `../x`, `CON` or
 * any 4 KiB) is replaced by its digest: it can neither leave the folder nor collide with another name.
 */
function safeName(uid: string): string {
  const trimmed = trimUid(uid)
  return isUid(trimmed) ? trimmed : `x-${createHash('sha256').update(uid, 'utf8').digest('hex')}`
}
