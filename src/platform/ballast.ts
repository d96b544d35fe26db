import { randomFillSync } from 'node:crypto'
import { statfsSync, statSync, unlinkSync } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import { failureFrom } from './failure.ts'
import type { Log } from './log.ts'

const LOOK_EVERY_MS = 10_000
const PIECE_BYTES = 1024 * 1024
/** The ballast is released when less than this part of its size is free. */
const SHORT_PART = 4

interface BallastOptions {
  /** The data folder. */
  readonly folder: string
  /** 0 = none. */
  readonly bytes: number
  readonly reserveBytes: number
  readonly clock: Clock
  readonly log: Log
}

/**
 * A file that only occupies room. When another program fills the disk, it is removed, and the database can still be
 * written: the center can shut an agent out, an agent can record that it removes confirmed copies, and both can shut
 * down. It is made again when there is room.
 */
export class Ballast implements AsyncDisposable {
  readonly #options: BallastOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(options: BallastOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Another process may have released it, so the disk is asked each time. */
  get missingBytes(): number {
    const { folder, bytes } = this.#options
    return Math.max(0, bytes - ballastBytes(folder))
  }

  /** Makes room for the shutdown if the disk is full. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#look().catch(() => {})
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#stop.signal.aborted) {
      await this.#look().catch((error: unknown) => {
        const { code, message } = failureFrom(error, 'STORAGE_ERROR', 'keeping the ballast')
        log.warn('the ballast could not be kept', { code, reason: message })
      })
      await clock.sleep(LOOK_EVERY_MS, this.#stop.signal).catch(() => {})
    }
  }

  async #look(): Promise<void> {
    const { folder, bytes, reserveBytes, log } = this.#options
    if (bytes === 0) return
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    const missing = this.missingBytes
    if (free < bytes / SHORT_PART) {
      if (releaseBallast(folder)) log.error('disk is full, the ballast was released', { freeBytes: free })
    } else if (missing > 0 && free >= reserveBytes + 2 * missing) await this.#make()
  }

  /** Writes the rest of it, with bytes that no file system can leave out. */
  async #make(): Promise<void> {
    const piece = randomFillSync(Buffer.alloc(PIECE_BYTES))
    await using handle = await open(join(this.#options.folder, NAME), 'a', 0o600)
    while (this.missingBytes > 0 && !this.#stop.signal.aborted) {
      await handle.write(piece, 0, Math.min(PIECE_BYTES, this.missingBytes))
    }
    await handle.datasync()
  }
}

const NAME = 'ballast'

/** Size of the ballast in a data folder. */
export function ballastBytes(folder: string): number {
  return statSync(join(folder, NAME), { throwIfNoEntry: false })?.size ?? 0
}

/** Releases its room; returns true if there was any. Any process that works in the folder may do it. */
export function releaseBallast(folder: string): boolean {
  const isThere = ballastBytes(folder) > 0
  try {
    if (isThere) unlinkSync(join(folder, NAME))
    return isThere
  } catch {
    return false
  }
}

/**
 * Opens a database in a data folder. On a full disk the ballast is released and `openDatabase` is called a second time: opening
 * needs room for the memory that a database's processes share. Throws what `openDatabase` throws.
 */
export function openOnFullDisk<Opened>(folder: string, openDatabase: () => Opened): Opened {
  try {
    return openDatabase()
  } catch (error) {
    if (!isFull(folder) || !releaseBallast(folder)) throw error
    return openDatabase()
  }
}

function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize < PIECE_BYTES
}
