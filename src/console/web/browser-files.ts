import { type ImportFile, type OpenSource, readOn } from '../../agent/arrival/import/import-file.ts'
import type { Clock, Timer } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'

/** Longest piece that a browser is asked for. */
export const PIECE_BYTES = 1024 * 1024
/** A page that gives nothing for this time is closed, or its computer sleeps. */
const SILENCE_MS = 60_000

/** The part of a file that the page is to send next. */
export interface Want {
  /** Counts up from 1. */
  readonly id: number
  /** The place of the file in the list, from 0. */
  readonly file: number
  readonly offset: number
  readonly length: number
}

interface OpenWant {
  readonly want: Want
  readonly resolve: (bytes: Buffer) => void
  readonly reject: (reason: Error) => void
  readonly silence: Timer
}

/**
 * Files that stay in a browser: whoever reads one waits until the page has sent the piece. Nothing is kept but the last
 * piece of each open file, so that a zip file on the page is read as one on a disk is.
 */
export class BrowserFiles {
  readonly #clock: Clock
  readonly #files: ImportFile[] = []
  #open: OpenWant | undefined
  #count = 0
  #end: Error | undefined
  #wake: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get files(): readonly ImportFile[] {
    return this.#files
  }

  /** `path`: as the browser names it, with `/`; a file without a folder was chosen itself. */
  add({ path, size }: { readonly path: string; readonly size: number }): void {
    const file = this.#files.length
    const open = async (): Promise<OpenSource> => this.#source(file, size)
    this.#files.push({ path, isNamed: !path.includes('/'), open })
  }

  /** Returns what is wanted now; waits for at most `waitMs` if it is nothing. */
  async next(waitMs: number): Promise<Want | undefined> {
    if (this.#open === undefined && this.#end === undefined)
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(waitMs, resolve)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
    return this.#open?.want
  }

  /** Gives the bytes of a want, or the reason why the browser cannot read them. A want that is no longer open is ignored. */
  supply(id: number, given: Buffer | Error): void {
    const open = this.#open
    if (open?.want.id !== id) return
    this.#open = undefined
    open.silence.cancel()
    if (given instanceof Error) open.reject(given)
    else if (given.length === open.want.length) open.resolve(given)
    else open.reject(new Error(`the browser sent ${given.length} bytes in place of ${open.want.length}`))
  }

  /** Every reader gets this reason from now on. */
  end(reason: Error): void {
    this.#end ??= reason
    this.#open?.silence.cancel()
    this.#open?.reject(reason)
    this.#open = undefined
    this.#wake()
  }

  #source(file: number, size: number): OpenSource {
    let windowAt = 0
    let window: Buffer = Buffer.alloc(0)
    const read = async (offset: number, length: number): Promise<Buffer> => {
      const end = Math.min(size, offset + length)
      if (offset >= end) return Buffer.alloc(0)
      if (offset < windowAt || end > windowAt + window.length) {
        const wanted = Math.min(PIECE_BYTES, size - offset)
        window = await this.#piece({ file, offset, length: wanted })
        windowAt = offset
      }
      const part = window.subarray(offset - windowAt, end - windowAt)
      if (part.length === end - offset) return part
      return Buffer.concat([part, await read(offset + part.length, end - offset - part.length)])
    }
    const source = { size, read }
    return { ...source, stream: (offset) => readOn(source, offset), [Symbol.asyncDispose]: async () => {} }
  }

  #piece(part: Omit<Want, 'id'>): Promise<Buffer> {
    if (this.#end !== undefined) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      const want = { ...part, id: ++this.#count }
      const silence = this.#clock.after(SILENCE_MS, () => this.end(pageGone()))
      this.#open = { want, resolve, reject, silence }
      this.#wake()
    })
  }
}

const pageGone = (): Failure => new Failure('INTERRUPTED', 'importing files: the page was closed')
