import { setImmediate } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { BadFile, StoredFile, StoredFileRegister } from '../register/store-register.ts'
import type { InstanceStore } from './instance-store.ts'
import type { StoreWatch } from './store-watch.ts'

export interface StoredFilesOptions {
  readonly store: InstanceStore
  readonly files: StoredFileRegister
  readonly watch: StoreWatch
  readonly clock: Clock
  readonly log: Log
}

/** Files that are looked at side by side: enough to keep a disk busy. */
const LOOKS_AT_ONCE = 16
/** Rows of one commit; a few milliseconds. */
const MARKS_AT_ONCE = 200

/**
 * Holds rows of the register to their files. A row whose file is gone, cut or changed becomes lost: from then on the center
 * does not say that it has the instance, and takes it again.
 */
export class StoredFiles {
  readonly #options: StoredFilesOptions

  constructor(options: StoredFilesOptions) {
    this.#options = options
  }

  /**
   * Looks at the file of each (is it there, a regular file, of its length?) and marks those as lost that fail.
   * Returns their numbers. Throws STORE_MISSING if the store as a whole is not there, so that an unmounted disk makes
   * nothing lost; and STORAGE_ERROR if the disk does not answer.
   */
  async lost(rows: readonly StoredFile[]): Promise<ReadonlySet<number>> {
    const { store, watch } = this.#options
    await watch.check()
    const reasons = await faultsOf(rows, store)
    const bad = rows.flatMap((row, i): BadFile[] => {
      const reason = reasons[i]
      return reason === undefined ? [] : [{ ...row, reason }]
    })
    await this.markLost(bad)
    return new Set(bad.map(({ id }) => id))
  }

  /** Enters these as lost, unless the disk has gone meanwhile: then STORE_MISSING is thrown. Returns how many were not yet. */
  async markLost(bad: readonly BadFile[]): Promise<number> {
    const { files, watch, clock, log } = this.#options
    const [first] = bad
    if (first === undefined) return 0
    // The disk may have gone while its files were looked at.
    await watch.check()
    let count = 0
    for (let at = 0; at < bad.length; at += MARKS_AT_ONCE) {
      count += await files.markLost(bad.slice(at, at + MARKS_AT_ONCE), clock.now())
      // The embedded register answers without a turn of the event loop.
      await setImmediate()
    }
    if (count > 0) {
      const { file, reason } = first
      const fields = { instances: count, file, reason }
      log.error('stored instances are lost: the agents are asked for them', fields)
    }
    return count
  }

  /** Marks a lost instance as found: its file is whole again, since a person brought it back. */
  async markFound(row: StoredFile): Promise<void> {
    await this.#options.files.markFound(row)
    this.#options.log.info('a lost instance is there again', { file: row.file })
  }
}

/** Returns the fault of each row's file, in the order of the rows. No look is under way any more when this settles. */
async function faultsOf(rows: readonly StoredFile[], store: InstanceStore): Promise<(string | undefined)[]> {
  const looks = new PQueue({ concurrency: LOOKS_AT_ONCE })
  try {
    return await looks.addAll(rows.map((row) => () => store.fault(row.file, row.fileBytes)))
  } catch (error) {
    looks.clear()
    await looks.onIdle()
    throw error
  }
}
