import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { storageFailure, systemCode } from '../../platform/failure.ts'
import { rotatedPath } from '../../platform/log-file.ts'

const PIECE_BYTES = 256 * 1024

/** Reads the lines of a rotated log, the oldest first, and then those that are added. Opens files for reading only. */
export class LogLines implements Disposable {
  readonly #path: string
  #file: OpenFile | undefined

  /** `path`: the file that is written to. */
  constructor(path: string) {
    this.#path = path
  }

  /** Yields every whole line that was not yielded before, also if the files were rotated meanwhile. */
  *read(): Generator<string> {
    if (this.#file === undefined) {
      for (let number = this.#oldest(); number >= 1; number--) yield* linesOf(rotatedPath(this.#path, number))
      this.#file = OpenFile.openIfThere(this.#path)
    }
    if (this.#file === undefined) return
    yield* this.#file.lines()
    while (this.#file !== undefined && !this.#file.isAt(this.#path)) {
      // Lines may have come between the last read and the rotation.
      yield* this.#file.lines()
      const next = this.#next(this.#file)
      if (next === undefined) return
      this.#file[Symbol.dispose]()
      this.#file = next
      yield* next.lines()
    }
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]()
  }

  #oldest(): number {
    let number = 0
    while (existsSync(rotatedPath(this.#path, number + 1))) number++
    return number
  }

  /** The file that was begun after this one; the present one if this one is gone. */
  #next(file: OpenFile): OpenFile | undefined {
    for (let number = this.#oldest(); number > 1; number--) {
      if (file.isAt(rotatedPath(this.#path, number)))
        return OpenFile.openIfThere(rotatedPath(this.#path, number - 1))
    }
    return OpenFile.openIfThere(this.#path)
  }
}

function* linesOf(path: string): Generator<string> {
  using file = OpenFile.openIfThere(path)
  if (file !== undefined) yield* file.lines()
}

/** A file that is read as it grows. */
class OpenFile implements Disposable {
  readonly #descriptor: number
  readonly #inode: number
  #position = 0
  #rest: Buffer = Buffer.alloc(0)

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
    this.#inode = fstatSync(descriptor).ino
  }

  static openIfThere(path: string): OpenFile | undefined {
    try {
      return new OpenFile(openSync(path, 'r'))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw storageFailure(error, `reading ${path}`)
    }
  }

  isAt(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false })?.ino === this.#inode
  }

  *lines(): Generator<string> {
    const piece = Buffer.alloc(PIECE_BYTES)
    for (;;) {
      const bytes = readSync(this.#descriptor, piece, 0, piece.length, this.#position)
      if (bytes === 0) return
      this.#position += bytes
      const text = Buffer.concat([this.#rest, piece.subarray(0, bytes)])
      const end = text.lastIndexOf('\n') + 1
      this.#rest = text.subarray(end)
      if (end > 0)
        yield* text
          .subarray(0, end - 1)
          .toString('utf8')
          .split('\n')
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }
}
