import { open, readFile, rm, stat } from 'node:fs/promises'
import { Failure, storageFailure, systemCode } from '../../../platform/failure.ts'
import { encodeHeldFile, parseHeldFile } from '../../../protocol/held-file.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { Observed } from './sealed-instance.ts'
import type { Spool } from './spool.ts'

/** The verdict of a check that holds an instance. */
type HeldObserved = Observed & { readonly hold: Failure }

/**
 * The files `<ULID>.held` in the spool. While one exists its instance must not be sent, regardless of the
 * index: the index may be lost, and the agent cannot look into sealed instances. Only {@link release} ends that.
 */
export class HeldFiles {
  readonly #spool: Spool

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /**
   * Writes the file. Its data is on the disk when this resolves, its name is not. Resolves to false if the file exists;
   * it is left unchanged. Rejects with STORAGE_FULL or STORAGE_ERROR, and has then removed the file again.
   */
  async write(ulid: Ulid, { hold, findings }: HeldObserved, since: number): Promise<boolean> {
    const path = this.#spool.heldPathOf(ulid)
    try {
      const handle = await open(path, 'wx', 0o600)
      try {
        await handle.writeFile(encodeHeldFile({ reason: hold.message, findings, since }))
        await handle.datasync()
      } finally {
        await handle.close()
      }
      return true
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      await rm(path, { force: true }).catch(() => {})
      throw storageFailure(error, `writing ${path}`)
    }
  }

  /** Reads why an instance is held. A file that is unreadable or invalid holds the instance too. */
  async read(ulid: Ulid): Promise<HeldObserved> {
    const text = await readFile(this.#spool.heldPathOf(ulid), 'utf8').catch(() => '')
    const file = parseHeldFile(text)
    if (file === undefined) return { findings: [], hold: heldFailure(UNREADABLE) }
    const { reason, findings, since } = file
    return { findings, hold: heldFailure(reason), heldSince: since }
  }

  /** Removes the files durably. Only after this resolves may the index allow these instances to be sent. */
  async release(ulids: readonly Ulid[]): Promise<void> {
    for (const ulid of ulids) await this.#spool.removeHeld(ulid)
    await this.syncNames(ulids)
  }

  /** The time when the file was written, ms since 1970; undefined if unknown. */
  async writtenAt(ulid: Ulid): Promise<number | undefined> {
    const found = await stat(this.#spool.heldPathOf(ulid)).catch(() => undefined)
    return found?.mtimeMs
  }

  /** Makes the names of written or removed files durable. */
  syncNames(ulids: readonly Ulid[]): Promise<void> {
    return this.#spool.syncNames(ulids.map((ulid) => ({ ulid, syncsBegun: Number.POSITIVE_INFINITY })))
  }
}

const UNREADABLE = 'checking an instance: the file that says why it is held cannot be read'

const heldFailure = (reason: string): Failure => new Failure('CHECK_HELD', reason)
