import { existsSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { Failure, storageFailure, systemCode } from '../../platform/failure.ts'
import type { Say } from '../language/language.ts'

/** A new file that is gone again unless it is kept. */
export class OutputFile implements AsyncDisposable {
  readonly #path: string
  readonly #handle: FileHandle
  #isKept = false

  private constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  /** Throws FILE_EXISTS if there is something of that name. */
  static async create(path: string): Promise<OutputFile> {
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      if (systemCode(error) === 'EEXIST')
        throw new Failure('FILE_EXISTS', `${path} is there already and stays as it is`)
      throw storageFailure(error, `creating ${path}`)
    })
    return new OutputFile(path, handle)
  }

  async push(bytes: Buffer): Promise<void> {
    await this.#handle.writeFile(bytes).catch((error: unknown) => {
      throw storageFailure(error, `writing ${this.#path}`)
    })
  }

  /** All of it is written and right. */
  keep(): void {
    this.#isKept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
    if (!this.#isKept) await unlink(this.#path)
  }
}

/** A configuration that is there was paid for with someone's evening. */
export function refuseToOverwrite(path: string, say: Say): void {
  if (existsSync(path)) throw new Failure('FILE_EXISTS', say('init.exists', { path }))
}
