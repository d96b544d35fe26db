import { statfs } from 'node:fs/promises'
import type { Clock } from '../../platform/clock.ts'
import { Wake } from '../../platform/wake.ts'

/** File names kept in reserve, if the file system limits them (inodes). */
export const RESERVE_FILES = 1000

/**
 * The measure against a spool's disk that is short of room:
 *
 * `enough`: nothing is missing. `making`: the oldest confirmed copies are being removed. `nothing`: there is no confirmed
 * copy. `young`: there are confirmed copies, all of them younger than retention.atLeast. `unproven`: the center could not
 * be asked, or does not prove at this moment that it has them. `checking`: the index is still being checked.
 */
type RoomState = 'enough' | 'making' | 'nothing' | 'young' | 'unproven' | 'checking'

/** The room that is missing on the disk until there is enough again. */
export interface Missing {
  readonly bytes: number
  readonly files: number
}

/** The state of the spool's disk at the last look. */
export interface SpoolDisk {
  readonly totalBytes: number
  readonly usedBytes: number
  readonly freeBytes: number
  /** Undefined if the file system does not limit file names. */
  readonly freeFiles: number | undefined
}

/**
 * The room on the spool's disk: the storage gate reads it, and retention makes room before devices must be refused.
 * Neither of them knows the other. Room is requested below twice the reserve, so that it exists before it is needed.
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

  /** Looks at the disk now. Throws the error of the file system. */
  async look(): Promise<SpoolDisk> {
    const { blocks, bfree, bavail, bsize, files, ffree } = await statfs(this.#folder)
    this.#disk = {
      totalBytes: blocks * bsize,
      usedBytes: (blocks - bfree) * bsize,
      freeBytes: bavail * bsize,
      // 0 of 0 means that there is no such limit.
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

  /** Call it after an instance was accepted. A small disk can fill up between two regular looks. */
  taken(bytes: number): void {
    this.#takenBytes += bytes
    if (this.#takenBytes < this.#lookAgainAt) return
    this.#lookAgainAt = Number.POSITIVE_INFINITY
    // If this fails, the next regular look reports it.
    this.look().catch(() => {})
  }

  /** Returns the missing room by the last look; undefined if there is enough. */
  missing(): Missing | undefined {
    if (this.#disk === undefined) return undefined
    const { totalBytes, freeBytes, freeFiles } = this.#disk
    // A disk that is hardly larger than the reserve never has twice the reserve free.
    const spareBytes = Math.min(this.#reserveBytes, (totalBytes - this.#reserveBytes) / 2)
    const bytes = Math.max(0, Math.ceil(this.#reserveBytes + spareBytes - freeBytes))
    const files = freeFiles === undefined ? 0 : Math.max(0, 2 * RESERVE_FILES - freeFiles)
    if (bytes === 0 && files === 0) return undefined
    // Slightly more, so that the next instance does not request room again.
    return { bytes: bytes === 0 ? 0 : bytes + this.#reserveBytes / 4, files }
  }

  /** Records what retention can do. */
  tell(state: RoomState): void {
    this.#state = state
  }

  /** Resolves after `delayMs`, or as soon as a look finds too little room. */
  async untilWanted(delayMs: number, signal: AbortSignal): Promise<void> {
    await this.#wake.wait(delayMs, signal)
  }
}
