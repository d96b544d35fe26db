import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { resetSocket } from './reset-socket.ts'

/** Pieces of a slow line: small, so that what is cut is cut in the middle of something. */
const PIECE_BYTES = 512

/** One way of the line: all connections share what it can carry. */
class Lane {
  /** Bytes that have come out at its end. */
  bytes = 0
  #freeAtMs = 0

  /** Waits until a piece has been carried at this rate. */
  async carry(bytes: number, bytesPerSecond: number): Promise<void> {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return
    const now = performance.now()
    this.#freeAtMs = Math.max(now, this.#freeAtMs) + (bytes * 1000) / bytesPerSecond
    // A timer takes a millisecond at least: shorter waits are made up for by the next ones.
    if (this.#freeAtMs - now >= 1) await sleep(this.#freeAtMs - now)
  }
}

/**
 * A bad line between an agent and its center, both on this machine. Every property may be changed at any time and holds
 * for what comes after.
 */
export class FaultProxy implements AsyncDisposable {
  readonly port: number
  /** Each way. */
  delayMs = 0
  /** Each way, all connections together. */
  bytesPerSecond = Number.POSITIVE_INFINITY
  /** New connections are reset at once. */
  isRefusing = false
  /** Bytes from the center are kept here and delivered when this is false again. */
  isHoldingAnswers = false
  cuts = 0
  connections = 0
  readonly #server: ReturnType<typeof createServer>
  readonly #sockets = new Set<Socket>()
  readonly #deaf = new WeakSet<Socket>()
  readonly #up = new Lane()
  readonly #down = new Lane()
  #bytesToCut = Number.POSITIVE_INFINITY
  #released = Promise.withResolvers<void>()

  private constructor(server: ReturnType<typeof createServer>, targetPort: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      this.connections++
      if (this.isRefusing) resetSocket(socket)
      else this.#join(socket, connect({ host: '127.0.0.1', port: targetPort, noDelay: true }))
    })
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FaultProxy(server, targetPort)
  }

  /** Bytes of all connections that have come to the center. */
  get bytesUp(): number {
    return this.#up.bytes
  }

  get bytesDown(): number {
    return this.#down.bytes
  }

  /** Resets every connection now. */
  cut(): void {
    this.#bytesToCut = Number.POSITIVE_INFINITY
    this.cuts++
    for (const socket of this.#sockets) resetSocket(socket)
  }

  /** Resets every connection once this many more bytes have gone towards the center. */
  cutAfter(bytes: number): void {
    this.#bytesToCut = bytes
  }

  /** Makes every connection half-open: from now on it takes all bytes, brings none over, and is never closed. */
  goDeaf(): void {
    for (const socket of this.#sockets) this.#deaf.add(socket)
  }

  releaseAnswers(): void {
    this.isHoldingAnswers = false
    this.#released.resolve()
    this.#released = Promise.withResolvers()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.releaseAnswers()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    }
    void this.#carry(near, far, this.#up)
    void this.#carry(far, near, this.#down)
  }

  /** Brings bytes from one side to the other until one of them is closed; then closes the other, unless it is deaf. */
  async #carry(from: Socket, to: Socket, lane: Lane): Promise<void> {
    let arrived = Promise.resolve()
    try {
      for await (const bytes of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < bytes.length; ) {
          const length = this.bytesPerSecond === Number.POSITIVE_INFINITY ? bytes.length : PIECE_BYTES
          const piece = bytes.subarray(at, at + length)
          at += piece.length
          if (this.#deaf.has(from)) continue
          if (to.destroyed) break
          await lane.carry(piece.length, this.bytesPerSecond)
          arrived = Promise.all([arrived, this.#travel(lane)]).then(() => this.#arrive(from, to, piece, lane))
          // A piece on its way does not hold up the next ones, but for the target's own back-pressure.
          if (to.writableNeedDrain) await once(to, 'drain').catch(() => {})
        }
      }
    } catch {
      // Reset by either side.
    }
    await arrived
    if (!this.#deaf.has(from)) to.destroy()
  }

  async #travel(lane: Lane): Promise<void> {
    if (this.delayMs > 0) await sleep(this.delayMs)
    while (lane === this.#down && this.isHoldingAnswers) await this.#released.promise
  }

  #arrive(from: Socket, to: Socket, piece: Buffer, lane: Lane): void {
    if (to.destroyed || this.#deaf.has(from)) return
    lane.bytes += piece.length
    const isCut = lane === this.#up && (this.#bytesToCut -= piece.length) <= 0
    to.write(isCut ? piece.subarray(0, piece.length / 2) : piece)
    if (isCut) this.cut()
  }
}
