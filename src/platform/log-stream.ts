import { write, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { systemCode } from './failure.ts'
import { droppedLine } from './log-file.ts'

/** Maximum number of bytes that wait to be written; further lines are dropped and counted. */
const WAITING_BYTES = 1024 * 1024
const ASK_AGAIN_MS = 100

/**
 * Writes log lines to a descriptor without ever failing, blocking or growing: neither a full disk nor a reader that has
 * stopped reading or is gone may cost an instance. Lines that cannot be written are dropped, and their number is logged
 * as soon as lines can be written again. (Node's own process.stderr holds in memory whatever a pipe does not take, and
 * ends the process when the file system under it is full.)
 */
export class LogStream extends Writable {
  readonly #descriptor: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #dropped = 0
  /** True if the last line was written in part. */
  #isTorn = false
  #isWriting = false

  constructor(descriptor: number) {
    super()
    this.#descriptor = descriptor
  }

  override _write(line: Buffer, _encoding: string, done: () => void): void {
    if (this.#waitingBytes + line.length > WAITING_BYTES) this.#dropped++
    else {
      this.#waiting.push(line)
      this.#waitingBytes += line.length
      if (!this.#isWriting) this.#writeNext()
    }
    done()
  }

  /** For the end of the process, when waiting is no longer possible. */
  flush(): void {
    try {
      writeSync(this.#descriptor, this.#take())
    } catch {
      // No output is left that could report this.
    }
  }

  #writeNext(): void {
    const lines = this.#waiting.length + this.#dropped
    const bytes = this.#take()
    this.#isWriting = true
    this.#writeAll(bytes, bytes.length, (isWritten) => {
      this.#isWriting = false
      if (!isWritten) this.#dropped += lines
      if (this.#waiting.length > 0) this.#writeNext()
    })
  }

  #take(): Buffer {
    const said = this.#dropped === 0 ? '' : droppedLine(this.#dropped).toString()
    const lines = Buffer.concat([Buffer.from(this.#isTorn ? `\n${said}` : said), ...this.#waiting])
    this.#isTorn = false
    this.#dropped = 0
    this.#waiting = []
    this.#waitingBytes = 0
    return lines
  }

  /** The system may take fewer bytes than it was given, and none while a pipe is full. */
  #writeAll(bytes: Buffer, length: number, done: (isWritten: boolean) => void): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (error === null) {
        if (written === bytes.length) done(true)
        else this.#writeAll(bytes.subarray(written), length, done)
      } else if (systemCode(error) === 'EAGAIN') {
        setTimeout(() => this.#writeAll(bytes, length, done), ASK_AGAIN_MS).unref()
      } else {
        this.#isTorn ||= bytes.length < length
        done(false)
      }
    })
  }
}
