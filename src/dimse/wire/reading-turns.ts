/**
 * Yield only if one peer has been the sole sender for this many bytes. With several senders, read each in one go: their
 * instances then finish together and share the device's flushes.
 */
const ALONE_BYTES = 1024 * 1024
const READ_BYTES = 256 * 1024

/** Whether one connection has been the sole sender for a while; shared by the connections that are read at the same time. */
export class ReadingTurns {
  /** The connection that received bytes last, and the number of bytes since another one did. */
  #last: object | undefined
  #sinceOther = 0
  #buffer: Buffer | undefined

  /** Memory that all of them read into, one after the other: each read is used up before the next one. */
  get buffer(): Buffer {
    this.#buffer ??= Buffer.allocUnsafeSlow(READ_BYTES)
    return this.#buffer
  }

  /** Notes bytes of a connection. Returns whether it has been the sole sender for long enough to give others a turn. */
  arrived(connection: object, bytes: number): boolean {
    this.#sinceOther = this.#last === connection ? this.#sinceOther + bytes : 0
    this.#last = connection
    return this.#sinceOther >= ALONE_BYTES
  }

  closed(connection: object): void {
    if (this.#last === connection) this.#last = undefined
  }
}
