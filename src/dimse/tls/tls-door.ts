import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { CallerTrouble } from '../association/caller-trouble.ts'
import { type RequestTitles, requestTitles } from '../association/request-titles.ts'
import { requestTrouble } from '../association/request-trouble.ts'
import type { TlsPeer } from '../association/tls-peer.ts'
import { Connection, giveUp } from '../wire/connection.ts'
import { encodePdu, PDU_TYPE } from '../wire/pdu.ts'
import type { ReadingTurns } from '../wire/reading-turns.ts'
import { type TlsAcceptance, TlsGate } from './tls-gate.ts'

/** Rejected permanently by the service provider, no reason given (PS3.8 §9.3.4): the standard has no better reason. */
const REJECTION = encodePdu(PDU_TYPE.associateReject, Uint8Array.of(0, 1, 2, 1))
/** The types of TLS records with which the two sides begin (RFC 8446 §5.1). */
const ALERT = 21
const HANDSHAKE = 22
const FATAL = 2
const HANDSHAKE_FAILURE = 40

/** The alert that tells a TLS client that there will be no handshake (RFC 5246 §7.2). */
export const TLS_HANDSHAKE_FAILURE = Buffer.of(ALERT, 3, 3, 0, 2, FATAL, HANDSHAKE_FAILURE)

interface TlsDoorOptions {
  readonly acceptance: TlsAcceptance
  readonly clock: Clock
  readonly turns: ReadingTurns
  /** Time limit for the first byte, and then for the handshake. */
  readonly requestMs: number
  readonly lingerMs: number
  readonly report: (trouble: CallerTrouble) => void
}

interface Secured {
  readonly socket: TLSSocket
  readonly tls: TlsPeer
}

/** Secures the connections of a TLS listener before their associations begin. */
export class TlsDoor {
  readonly #options: TlsDoorOptions
  readonly #gate: TlsGate

  constructor(options: TlsDoorOptions) {
    this.#options = options
    this.#gate = new TlsGate(options.acceptance, options.clock, options.requestMs)
  }

  /**
   * Resolves with the secured connection. For a rejected peer it resolves with undefined, after answering the peer (by
   * TLS or DICOM, as the peer speaks), reporting it and closing the socket. Never rejects.
   */
  async enter(socket: Socket, peerAddress: string): Promise<Secured | undefined> {
    socket.on('error', () => {}) // the failure is reported by 'close' and by the handshake
    const first = await this.#firstBytes(socket)
    if (first instanceof Failure) {
      this.#options.report({ ...requestTrouble(Buffer.alloc(0), first), peerAddress })
      return undefined
    }
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

  /** Returns the first bytes of the peer without consuming them, or the reason why there are none. */
  #firstBytes(socket: Socket): Promise<Buffer | Failure> {
    const { clock, requestMs } = this.#options
    const { promise, resolve } = Promise.withResolvers<Buffer | Failure>()
    const timer = clock.after(requestMs, () => {
      resolve(new Failure('ASSOCIATION_ABORTED', `${requestMs / 1000} s passed`))
      socket.destroy()
    })
    socket.once('close', () => resolve(new Failure('ASSOCIATION_ABORTED', 'the connection is closed')))
    socket.once('data', (chunk) => {
      socket.pause()
      socket.unshift(chunk)
      resolve(chunk)
    })
    return promise.finally(() => timer.cancel())
  }

  async #refusePlain(socket: Socket, request: Buffer, peerAddress: string): Promise<undefined> {
    const { clock, turns, lingerMs, report } = this.#options
    report({
      kind: 'plain-on-tls',
      peerAddress,
      ...printable(requestTitles(request)),
      words: `it speaks DICOM without TLS on port ${socket.localPort}, which is for TLS`,
    })
    const connection = new Connection(socket, clock, turns)
    await connection.write(REJECTION).catch(() => {})
    connection.letGo(lingerMs)
    await connection.closed
    return undefined
  }

  /** A peer whose certificate is not trusted gets an A-ABORT: the handshake itself has succeeded. */
  async #examine(socket: TLSSocket, peerAddress: string): Promise<Secured | undefined> {
    try {
      return { socket, tls: this.#gate.examine(socket) }
    } catch (error) {
      this.#reportFailed(error, peerAddress)
      const { clock, turns, lingerMs } = this.#options
      const connection = new Connection(socket, clock, turns)
      giveUp(connection, error, lingerMs)
      await connection.closed
      return undefined
    }
  }

  #reportFailed(error: unknown, peerAddress: string): void {
    const { message } = failureFrom(error, 'TLS_FAILED', 'securing a connection')
    this.#options.report({ kind: 'handshake-failed', peerAddress, words: message })
  }
}

/** Whether bytes begin a TLS handshake. No PDU begins like that: the first byte would be its type. */
export function isTlsRecord(firstBytes: Buffer): boolean {
  return firstBytes[0] === HANDSHAKE && (firstBytes.length < 2 || firstBytes[1] === 3)
}

/** Titles that are text; a peer at the wrong door need not speak DICOM at all. */
function printable({ callingAeTitle = '', calledAeTitle = '' }: RequestTitles): RequestTitles {
  return {
    ...(isText(callingAeTitle) ? { callingAeTitle } : {}),
    ...(isText(calledAeTitle) ? { calledAeTitle } : {}),
  }
}

const isText = (title: string): boolean => /^[\x20-\x7e]+$/.test(title)
