import { setImmediate } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { BadFile, StoredFile, StoredFileRegister } from '../register/store-register.ts'
import type { InstanceStore } from './instance-store.ts'
import type { StoreWatch } from './store-watch.ts'

interface StoredFilesOptions {
  readonly store: InstanceStore
  readonly files: StoredFileRegister
  readonly watch: StoreWatch
  readonly clock: Clock
  readonly log: Log
}

/** Number of files checked in parallel: enough to keep a disk busy. */
const LOOKS_AT_ONCE = 16
/** Rows of one commit; a few milliseconds. */
const MARKS_AT_ONCE = 200

/**
 * Compares rows of the register with their files. A row whose file is missing, cut or changed becomes lost: from then
 * on the center does not confirm the instance, and accepts it again.
 */
export class StoredFiles {
  readonly #options: StoredFilesOptions

  constructor(options: StoredFilesOptions) {
    this.#options = options
  }

  /**
   * Checks the file of each (it exists, is regular, and has its length) and marks those that fail as lost. Returns
   * their numbers. Throws STORE_MISSING if the store as a whole is missing, so that an unmounted disk marks nothing as
   * lost; and STORAGE_ERROR if the disk does not answer.
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

  /**
   * Marks these as lost, unless the disk was unmounted meanwhile: then STORE_MISSING is thrown. Returns how many are
   * newly lost.
   */
  async markLost(bad: readonly BadFile[]): Promise<number> {
    const { files, watch, clock, log } = this.#options
    const [first] = bad
    if (first === undefined) return 0
    // The disk may have been unmounted while its files were checked.
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

  /** Marks a lost instance as found: its file is whole again, since a person restored it. */
  async markFound(row: StoredFile): Promise<void> {
    await this.#options.files.markFound(row)
    this.#options.log.info('a lost instance is there again', { file: row.file })
  }
}

/** Returns the fault of each row's file, in the order of the rows. All checks have ended when this settles. */
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
