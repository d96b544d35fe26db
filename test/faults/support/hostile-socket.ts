import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A connection in memory, as the listener sees one: a stream with an address. The test holds the other end. */
export class HostileSocket extends Duplex {
  readonly remoteAddress = '192.0.2.66'
  readonly remotePort = 11_112
  readonly #isDeaf: boolean
  readonly #answered: Buffer[] = []

  constructor(isDeaf: boolean) {
    super({ allowHalfOpen: false, highWaterMark: 65_536 })
    this.#isDeaf = isDeaf
  }

  setNoDelay(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#answered.push(chunk)
    if (!this.#isDeaf) done()
  }

  override _final(done: () => void): void {
    if (!this.#isDeaf) done()
  }

  say(bytes: Buffer): void {
    if (!this.destroyed && !this.readableEnded) this.push(bytes)
  }

  hangUp(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null)
  }

  reset(): void {
    this.destroy(new Error('read ECONNRESET'))
  }

  /** All that was written to the peer. */
  get answered(): Buffer {
    return Buffer.concat(this.#answered)
  }

  asSocket(): Socket {
    return this as unknown as Socket
  }
}
