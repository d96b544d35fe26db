import type { Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import { describe, Failure } from '../../platform/failure.ts'
import { ABORT_BY_USER, type AbortOrigin, BrokenOff, encodeAbort } from './pdu.ts'
import { readInto } from './read-into.ts'
import type { ReadingTurns } from './reading-turns.ts'
import { brokenWords } from './tls-words.ts'

/**
 * If more bytes than one read can give wait here for their reader, the socket is paused; or this number of pieces, which a
 * peer can make tiny.
 */
const MAX_BUFFERED = 256 * 1024
const MAX_CHUNKS = 1024
/**
 * After this many bytes the event loop gets a turn. Node.js reads a socket as long as it has data, up to 8 MiB, and
 * finished disk work would wait for all of it.
 */
const TURN_BYTES = 128 * 1024
/** A-ASSOCIATE-RQ up to the end of the calling AE title (PS3.8 §9.3.2). */
const HEAD_BYTES = 42

/** One who takes bytes as they arrive. */
interface Taker {
  readonly take: () => boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A socket that is read on request. Bytes that were not requested yet stay within {@link MAX_BUFFERED} and one read, then TCP holds the peer
 * back. Until then the socket keeps being read, so that a peer that goes away is noticed at once.
 */
export class Connection {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #turns: ReadingTurns
  readonly #chunks: Buffer[] = []
  #buffered = 0
  #failure: Failure | undefined
  #sinceTurn = 0
  #awaitsTurn = false
  #dropping = false
  #head = Buffer.alloc(0)
  #reader: PromiseWithResolvers<void> | undefined
  #taker: Taker | undefined
  #writer: PromiseWithResolvers<void> | undefined
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>

  /** @param turns shared with the connections that are read at the same time */
  constructor(socket: Socket, clock: Clock, turns: ReadingTurns) {
    this.#socket = socket
    this.#clock = clock
    this.#turns = turns
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.setNoDelay(true)
    if (!readInto(socket, turns.buffer, (bytes) => this.#read(bytes)))
      socket.on('data', (chunk) => this.#arrived(chunk))
    socket.on('drain', () => this.#drained())
    socket.on('end', () => this.fail(lost('the peer closed the connection')))
    socket.on('error', (error) => this.fail(lost(`the connection broke: ${brokenWords(error)}`)))
    socket.on('close', () => this.#closed())
  }

  /** The reason why the connection is over; undefined while it is open. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** A copy of the first bytes received, at most 42, including bytes that were already taken. */
  get head(): Buffer {
    return this.#head
  }

  /** Resolves once there is a byte to take; rejects if there will never be one. */
  async some(): Promise<void> {
    if (this.#buffered === 0) await this.#more()
  }

  /** Takes the next `length` bytes in one piece; for headers and small bodies. */
  async exactly(length: number): Promise<Buffer> {
    while (this.#buffered < length) await this.#more()
    this.#join(length)
    return this.#take(length)
  }

  /** Returns the next `length` bytes without consuming them. */
  async peek(length: number): Promise<Buffer> {
    const bytes = await this.exactly(length)
    this.#chunks.unshift(bytes)
    this.#buffered += bytes.length
    return bytes
  }

  /** Takes the next bytes as they arrived, at most `length`, without a copy. */
  async upTo(length: number): Promise<Buffer> {
    await this.some()
    return this.#take(length)
  }

  /** Takes the next `length` bytes in one piece; undefined if fewer have arrived. */
  exactlyNow(length: number): Buffer | undefined {
    if (this.#buffered < length) return undefined
    this.#join(length)
    return this.#take(length)
  }

  /** Takes the next bytes as they arrived, at most `length`; undefined if there are none. */
  upToNow(length: number): Buffer | undefined {
    return this.#buffered === 0 ? undefined : this.#take(length)
  }

  /**
   * Calls `take` now, and each time that bytes have arrived, until it returns true. It takes bytes by {@link upToNow} and
   * {@link exactlyNow}; they are good until it returns, and were not copied. Rejects with what it throws, or when
   * there will never be more bytes.
   */
  async arriving(take: () => boolean): Promise<void> {
    if (take()) return
    if (this.#failure !== undefined) throw this.#failure
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#taker = { take, resolve, reject }
    this.#flow()
    await promise
  }

  /** Hands over to the socket, and resolves when it can take more. */
  async write(...parts: readonly Buffer[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
    if (!this.#socket.writableNeedDrain) return
    this.#writer ??= Promise.withResolvers()
    await this.#writer.promise
  }

  /**
   * Ends all current and later waits for the peer with this failure; the first failure is kept. Bytes that have arrived
   * can still be taken.
   */
  fail(failure: Failure): void {
    this.#failure ??= failure
    this.#reader?.reject(this.#failure)
    this.#taker?.reject(this.#failure)
    this.#taker = undefined
    this.#writer?.reject(this.#failure)
  }

  /** Sends A-ABORT as the last PDU and closes the connection. */
  abort(origin: AbortOrigin, lingerMs: number): void {
    if (this.#socket.writable) this.#socket.write(encodeAbort(origin))
    this.letGo(lingerMs)
  }

  /**
   * Stops accepting input. Written bytes are still sent; the peer's bytes are read and dropped, since closing with
   * unread bytes would reset the connection and lose our last PDU. The socket is destroyed if the peer has not closed
   * within `lingerMs` (ARTIM, PS3.8 §9.1.5).
   */
  letGo(lingerMs: number): void {
    this.fail(lost('the association is over'))
    this.#dropping = true
    this.#chunks.length = 0
    this.#buffered = 0
    if (this.#socket.closed) return
    this.#socket.resume()
    this.#socket.end()
    const timer = this.#clock.after(lingerMs, () => this.#socket.destroy())
    this.#socket.once('close', () => timer.cancel())
  }

  /** `bytes` is memory that the next read overwrites: what is not taken at once is copied. */
  #read(bytes: Buffer): void {
    this.#arrived(bytes)
    const last = this.#chunks.at(-1)
    if (last?.buffer === bytes.buffer) this.#chunks[this.#chunks.length - 1] = Buffer.from(last)
  }

  #arrived(chunk: Buffer): void {
    if (this.#dropping) return
    const missing = HEAD_BYTES - this.#head.length
    if (missing > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, missing)])
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    this.#sinceTurn += chunk.length
    const isAlone = this.#turns.arrived(this, chunk.length)
    if (isAlone && this.#sinceTurn >= TURN_BYTES) this.#endTurn()
    this.#offer()
    this.#flow()
    this.#reader?.resolve()
  }

  #offer(): void {
    const taker = this.#taker
    try {
      if (taker?.take() !== true) return
      taker.resolve()
    } catch (error) {
      taker?.reject(error)
    }
    this.#taker = undefined
  }

  #closed(): void {
    this.#turns.closed(this)
    this.fail(lost('the connection is closed'))
  }

  #drained(): void {
    this.#writer?.resolve()
    this.#writer = undefined
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#reader = Promise.withResolvers()
    this.#flow()
    await this.#reader.promise
  }

  /** Joins all chunks if the first one is shorter than `length`. */
  #join(length: number): void {
    const [first] = this.#chunks
    if (first === undefined || first.length >= length) return
    this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks, this.#buffered))
  }

  #take(length: number): Buffer {
    const [first] = this.#chunks
    if (first === undefined) throw new Failure('INTERNAL', 'taking bytes that are not there')
    const taken = first.length <= length ? first : first.subarray(0, length)
    if (taken === first) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(length)
    this.#buffered -= taken.length
    this.#flow()
    return taken
  }

  #endTurn(): void {
    this.#sinceTurn = 0
    this.#awaitsTurn = true
    setImmediate(() => {
      this.#awaitsTurn = false
      this.#flow()
    })
  }

  /** Reads the socket if there is room, and other connections have had their turn. */
  #flow(): void {
    const isFull = this.#buffered > MAX_BUFFERED || this.#chunks.length >= MAX_CHUNKS
    const isHeld = !this.#dropping && (isFull || this.#awaitsTurn)
    if (isHeld !== this.#socket.isPaused()) this.#socket[isHeld ? 'pause' : 'resume']()
  }
}

function lost(message: string): Failure {
  return new Failure('ASSOCIATION_ABORTED', message)
}

/**
 * Ends a connection after an error. Sends A-ABORT unless the peer has closed the connection itself. Returns the Failure for
 * every caller that waits for this connection; a foreign error becomes INTERNAL.
 */
export function giveUp(connection: Connection, error: unknown, lingerMs: number): Failure {
  const failure = asFailure(error)
  connection.fail(failure)
  if (failure instanceof BrokenOff) connection.abort(failure.abort, lingerMs)
  else connection.letGo(lingerMs)
  return failure
}

function asFailure(error: unknown): Failure {
  if (error instanceof BrokenOff) return error
  if (error instanceof Failure && OF_THE_PEER.has(error.code)) return error
  return new BrokenOff('INTERNAL', ABORT_BY_USER, `serving an association: ${describe(error)}`)
}

const OF_THE_PEER: ReadonlySet<string> = new Set(['ASSOCIATION_ABORTED', 'ASSOCIATION_REJECTED'])
