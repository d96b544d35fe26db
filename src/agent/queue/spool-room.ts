import { statfs } from 'node:fs/promises'
import type { Clock } from '../../platform/clock.ts'
import { Wake } from '../../platform/wake.ts'

/** Names that are kept in reserve, where the file system has a limit of them (inodes). */
export const RESERVE_FILES = 1000

/**
 * The measure against a spool's disk that is short of room:
 *
 * `enough`: nothing is missing. `making`: the oldest confirmed copies are being removed. `nothing`: there is no confirmed
 * copy. `young`: there are confirmed copies, all of them younger than retention.atLeast. `unproven`: the center could not
 * be asked, or does not prove at this moment that it has them. `checking`: the index is still being checked.
 */
export type RoomState = 'enough' | 'making' | 'nothing' | 'young' | 'unproven' | 'checking'

/** The room that is missing on the disk until it is comfortable again. */
export interface Missing {
  readonly bytes: number
  readonly files: number
}

/** The spool's disk as it was at the last look. */
export interface SpoolDisk {
  readonly totalBytes: number
  readonly usedBytes: number
  readonly freeBytes: number
  /** Undefined if the file system has no limit of names. */
  readonly freeFiles: number | undefined
}

/**
 * The room on the spool's disk: the storage gate looks at it, and retention makes some before devices must be refused.
 * Neither knows the other. Room is wanted from twice the reserve on, so that it is there before it is needed.
 */
export class SpoolRoom {
  readonly #folder: string
  readonly #reserveBytes: number
  readonly #wake: Wake
  #disk: SpoolDisk | undefined
  #takenBytes = 0
  #lookAgainAt = 0
  #state: RoomState = 'checking'

  constructor(folder: string, reserveBytes: number, clock: Clock) {
    this.#folder = folder
    this.#reserveBytes = reserveBytes
    this.#wake = new Wake(clock)
  }

  /** Undefined before the first look. */
  get disk(): SpoolDisk | undefined {
    return this.#disk
  }

  get state(): RoomState {
    return this.missing() === undefined ? 'enough' : this.#state
  }

  /** Looks at the disk now. Throws what the file system says. */
  async look(): Promise<SpoolDisk> {
    const { blocks, bfree, bavail, bsize, files, ffree } = await statfs(this.#folder)
    this.#disk = {
      totalBytes: blocks * bsize,
      usedBytes: (blocks - bfree) * bsize,
      freeBytes: bavail * bsize,
      // 0 of 0: it has no such limit.
      freeFiles: files === 0 ? undefined : ffree,
    }
    this.#lookAgainAt = this.#takenBytes + this.#reserveBytes / 16
    if (this.missing() !== undefined) this.#wake.call()
    return this.#disk
  }

  /** Sealed bytes of all instances accepted since the start. */
  get takenBytes(): number {
    return this.#takenBytes
  }

  /** To be called when an instance was accepted. A small disk can fill up between two regular looks. */
  taken(bytes: number): void {
    this.#takenBytes += bytes
    if (this.#takenBytes < this.#lookAgainAt) return
    this.#lookAgainAt = Number.POSITIVE_INFINITY
    // If it fails, the next regular look says so.
    this.look().catch(() => {})
  }

  /** By the last look; undefined if there is enough. */
  missing(): Missing | undefined {
    if (this.#disk === undefined) return undefined
    const { totalBytes, freeBytes, freeFiles } = this.#disk
    // A disk that is hardly larger than the reserve never has twice the reserve free.
    const spareBytes = Math.min(this.#reserveBytes, (totalBytes - this.#reserveBytes) / 2)
    const bytes = Math.max(0, Math.ceil(this.#reserveBytes + spareBytes - freeBytes))
    const files = freeFiles === undefined ? 0 : Math.max(0, 2 * RESERVE_FILES - freeFiles)
    if (bytes === 0 && files === 0) return undefined
    // Somewhat more, so that the next instance does not want room again.
    return { bytes: bytes === 0 ? 0 : bytes + this.#reserveBytes / 4, files }
  }

  /** Retention says what it can do. */
  tell(state: RoomState): void {
    this.#state = state
  }

  /** Returns after `delayMs`, or as soon as a look finds too little room. */
  async untilWanted(delayMs: number, signal: AbortSignal): Promise<void> {
    await this.#wake.wait(delayMs, signal)
  }
}
