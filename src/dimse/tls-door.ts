import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../platform/clock.ts'
import { Failure, failureFrom } from '../platform/failure.ts'
import { Connection } from './connection.ts'
import { giveUp } from './give-up.ts'
import { textWithoutPadding } from './padded-text.ts'
import { encodePdu, PDU_TYPE } from './pdu.ts'
import { type TlsAcceptance, TlsGate } from './tls-gate.ts'
import type { TlsPeer } from './tls-peer.ts'
import { isTlsRecord } from './tls-record.ts'
import type { TlsTrouble } from './tls-trouble.ts'

/** Rejected permanently by the service provider, no reason given (PS3.8 §9.3.4): all that the standard has for it. */
const REJECTION = encodePdu(PDU_TYPE.associateReject, Uint8Array.of(0, 1, 2, 1))

/** Called and calling AE title, from the first byte of an A-ASSOCIATE-RQ on (PS3.8 §9.3.2). */
const [TITLES_AT, TITLE_LENGTH] = [10, 16]

export interface TlsDoorParts {
  readonly acceptance: TlsAcceptance
  readonly clock: Clock
  /** For the first byte, and then for the handshake. */
  readonly requestMs: number
  readonly lingerMs: number
  readonly report: (trouble: TlsTrouble) => void
}

export interface Secured {
  readonly socket: TLSSocket
  readonly tls: TlsPeer
}

/** Stands between a listener for TLS and its associations. */
export class TlsDoor {
  readonly #parts: TlsDoorParts
  readonly #gate: TlsGate

  constructor(parts: TlsDoorParts) {
    this.#parts = parts
    this.#gate = new TlsGate(parts.acceptance, parts.clock, parts.requestMs)
  }

  /**
   * The connection, secured. Whom it does not let in it tells why, in the peer's own language where possible, reports,
   * and has gone when this resolves with undefined; never rejects.
   */
  async enter(socket: Socket, peerAddress: string): Promise<Secured | undefined> {
    socket.on('error', () => {}) // what broke is told by 'close' and by the handshake
    const first = await this.#firstBytes(socket)
    if (first === undefined) return undefined
    try {
      if (first[0] === PDU_TYPE.associateRequest) return await this.#refusePlain(socket, first, peerAddress)
      if (!isTlsRecord(first)) throw new Failure('TLS_FAILED', 'it speaks neither TLS nor DICOM')
      return await this.#examine(await this.#gate.secure(socket), peerAddress)
    } catch (error) {
      socket.destroy()
      this.#reportFailed(error, peerAddress)
      return undefined
    }
  }

  /** The bytes with which the peer begins, left where they are. */
  #firstBytes(socket: Socket): Promise<Buffer | undefined> {
    const { clock, requestMs } = this.#parts
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
    const timer = clock.after(requestMs, () => socket.destroy())
    socket.once('close', () => resolve(undefined))
    socket.once('data', (chunk) => {
      socket.pause()
      socket.unshift(chunk)
      resolve(chunk)
    })
    return promise.finally(() => timer.cancel())
  }

  async #refusePlain(socket: Socket, request: Buffer, peerAddress: string): Promise<undefined> {
    const { clock, lingerMs, report } = this.#parts
    const [calledAeTitle, callingAeTitle] = [titleOf(request, 0), titleOf(request, 1)]
    report({
      kind: 'plain-on-tls',
      peerAddress,
      ...(callingAeTitle === undefined ? {} : { callingAeTitle }),
      ...(calledAeTitle === undefined ? {} : { calledAeTitle }),
      words: `it speaks DICOM without TLS on port ${socket.localPort}, which is for TLS`,
    })
    const connection = new Connection(socket, clock)
    await connection.write(REJECTION).catch(() => {})
    connection.letGo(lingerMs)
    await connection.closed
    return undefined
  }

  /** A peer that is not believed is told by an A-ABORT: the handshake itself has gone well. */
  async #examine(socket: TLSSocket, peerAddress: string): Promise<Secured | undefined> {
    try {
      return { socket, tls: this.#gate.examine(socket) }
    } catch (error) {
      this.#reportFailed(error, peerAddress)
      const connection = new Connection(socket, this.#parts.clock)
      giveUp(connection, error, this.#parts.lingerMs)
      await connection.closed
      return undefined
    }
  }

  #reportFailed(error: unknown, peerAddress: string): void {
    const { message } = failureFrom(error, 'TLS_FAILED', 'securing a connection')
    this.#parts.report({ kind: 'handshake-failed', peerAddress, words: message })
  }
}

function titleOf(request: Buffer, index: number): string | undefined {
  const at = TITLES_AT + index * TITLE_LENGTH
  if (request.length < at + TITLE_LENGTH) return undefined
  const title = textWithoutPadding(request.subarray(at, at + TITLE_LENGTH))
  return /^[\x20-\x7e]+$/.test(title) ? title : undefined
}
