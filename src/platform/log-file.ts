import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'

interface LogFileOptions {
  /** Absolute; made if it is missing. */
  readonly folder: string
  /** Name of the file that is written to, such as `ferry.log`. */
  readonly name: string
  /** The file is rotated before it becomes longer than this. */
  readonly maxBytes: number
  /** Number of files in all; the oldest is removed. */
  readonly files: number
}

/**
 * A log file with rotation: `ferry.log`, then `ferry.log.1` and so on, the highest number is the oldest. Each line is
 * given to the system before the call returns, so that no line waits in memory when the process dies. (The rotation of
 * winston's own transport lost lines that arrived while it changed files.) The handle is closed before the rename, since
 * Windows renames no open file. Never throws: lines for which there is no room are dropped, and their number is logged
 * as soon as lines can be written again. A file that a person moved away or removed is made again.
 */
export class LogFile extends Writable {
  readonly #options: LogFileOptions
  readonly #path: string
  #descriptor: number | undefined
  #inode = 0
  #bytes = 0
  #dropped = 0
  /** A rename failed: the file grows up to this length before the next attempt. */
  #rotateAtBytes: number

  constructor(options: LogFileOptions) {
    super({ decodeStrings: true })
    this.#options = options
    this.#path = join(options.folder, options.name)
    this.#rotateAtBytes = options.maxBytes
  }

  override _write(line: Buffer, _encoding: string, done: () => void): void {
    this.#push(line)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#close()
    done(error)
  }

  #push(line: Buffer): void {
    try {
      this.#openIfMoved()
      if (this.#bytes > 0 && this.#bytes + line.length > this.#rotateAtBytes) this.#rotate()
      this.#append(this.#dropped === 0 ? line : Buffer.concat([droppedLine(this.#dropped), line]))
      this.#dropped = 0
    } catch {
      // No log is left that could report this; the number of lines is logged later.
      this.#dropped++
    }
  }

  /** All of the line or nothing of it is in the file afterwards. */
  #append(line: Buffer): void {
    const descriptor = this.#descriptor ?? this.#open()
    const before = this.#bytes
    try {
      for (let done = 0; done < line.length; ) done += writeSync(descriptor, line, done)
      this.#bytes += line.length
    } catch (error) {
      this.#cutBack(before)
      throw error
    }
  }

  /**
   * By a handle of its own, since Windows cuts no file that was opened to append. If that fails too, the file is closed: when it
   * is opened again, its torn line gets an end.
   */
  #cutBack(length: number): void {
    try {
      const descriptor = openSync(this.#path, 'r+')
      try {
        if (fstatSync(descriptor).ino === this.#inode) return ftruncateSync(descriptor, length)
      } finally {
        closeSync(descriptor)
      }
    } catch {
      // Closed below.
    }
    this.#close()
  }

  #openIfMoved(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    if (this.#descriptor !== undefined && found?.ino === this.#inode) return
    this.#close()
    this.#open()
  }

  #open(): number {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 })
    // Reading finds out whether the last line is whole.
    const descriptor = openSync(this.#path, 'a+', 0o600)
    const { ino, size } = fstatSync(descriptor)
    this.#descriptor = descriptor
    this.#inode = ino
    this.#bytes = size
    if (size > 0 && !endsWithLine(descriptor, size)) this.#append(Buffer.from('\n'))
    return descriptor
  }

  #close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) closeSync(descriptor)
  }

  /** If a file cannot be renamed, because another program has it open on Windows, the present one becomes longer instead. */
  #rotate(): void {
    const { maxBytes } = this.#options
    this.#close()
    try {
      this.#shift()
      this.#rotateAtBytes = maxBytes
    } catch {
      this.#rotateAtBytes = this.#bytes + Math.ceil(maxBytes / 16)
    }
    this.#open()
  }

  /** Moves files only up to the first free number, so that a repeated attempt removes no further file. */
  #shift(): void {
    const last = this.#options.files - 1
    if (last === 0) return rmSync(this.#path)
    let free = 1
    while (free < last && existsSync(rotatedPath(this.#path, free))) free++
    for (let number = free; number >= 1; number--)
      renameSync(
        number === 1 ? this.#path : rotatedPath(this.#path, number - 1),
        rotatedPath(this.#path, number),
      )
  }
}

/** The path of an older log file; a higher number is older. */
export const rotatedPath = (path: string, number: number): string => `${path}.${number}`

function endsWithLine(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1)
  return readSync(descriptor, last, 0, 1, size - 1) === 1 && last.toString() === '\n'
}

/** Written instead of lines that were lost because there was no room for them. */
export function droppedLine(count: number): Buffer {
  const line = { level: 'warn', message: 'log lines dropped', count, timestamp: new Date().toISOString() }
  return Buffer.from(`${JSON.stringify(line)}\n`)
}
