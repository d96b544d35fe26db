import { createHash } from 'node:crypto'

/** SHA-256 of a data set as the device sent it, taken once for all copies of an instance of which one is unchanged. */
export class OriginalDigest {
  readonly #hash = createHash('sha256')
  #hex: string | undefined

  push(dataSet: Buffer): void {
    this.#hash.update(dataSet)
  }

  /** Returns the digest (hex). Call it after all bytes; each copy may ask. */
  hex(): string {
    this.#hex ??= this.#hash.digest('hex')
    return this.#hex
  }
}
