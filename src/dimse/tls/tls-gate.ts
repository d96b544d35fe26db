import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { TlsPeer } from '../association/tls-peer.ts'
import { certificateNames } from '../wire/certificate-names.ts'
import { ABORT_BY_PROVIDER, BrokenOff } from '../wire/pdu.ts'
import { BROKEN_OFF, distrustWords, handshakeWords } from '../wire/tls-words.ts'
import { isPinnedForOther, type TlsCredentials } from './tls-credentials.ts'

export interface TlsAcceptance {
  readonly credentials: TlsCredentials
  /** Optional: a peer may have no certificate, but one that it shows must be valid. */
  readonly clientCertificates: 'required' | 'optional'
}

/** The server side of TLS: sockets in, secured sockets out. It does not listen itself. */
export class TlsGate {
  readonly #server: Server
  readonly #required: boolean
  readonly #credentials: TlsCredentials
  readonly #clock: Clock
  readonly #handshakeMs: number
  /** The handshake that an event belongs to: Node's event no longer contains the address of a peer that has gone. */
  readonly #current = new AsyncLocalStorage<PromiseWithResolvers<TLSSocket>>()

  constructor({ credentials, clientCertificates }: TlsAcceptance, clock: Clock, handshakeMs: number) {
    this.#required = clientCertificates === 'required'
    this.#credentials = credentials
    this.#clock = clock
    this.#handshakeMs = handshakeMs
    // Certificates are judged here, after the handshake: Node would only drop the connection, without any
    // explanation.
    this.#server = createServer({ ...credentials.options, requestCert: true, rejectUnauthorized: false })
    this.#server.on('secureConnection', (secured) => this.#current.getStore()?.resolve(secured))
    this.#server.on('tlsClientError', (error) =>
      this.#current.getStore()?.reject(failed(handshakeWords(error))),
    )
  }

  /**
   * Returns the secured socket after the handshake. Fails with TLS_FAILED, in words about the peer; the socket is then
   * closed.
   */
  async secure(socket: Socket): Promise<TLSSocket> {
    const waiting = Promise.withResolvers<TLSSocket>()
    const timer = this.#clock.after(this.#handshakeMs, () => waiting.reject(failed('it was too slow')))
    // One turn later, so that the peer's last bytes are processed first.
    socket.once('close', () => setImmediate(() => waiting.reject(failed(BROKEN_OFF))))
    this.#current.run(waiting, () => this.#server.emit('connection', socket))
    try {
      return await waiting.promise
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      timer.cancel()
    }
  }

  /** Returns the identity of the peer by TLS; throws TLS_FAILED if its certificate is missing or not trusted. */
  examine(secured: TLSSocket): TlsPeer {
    const certificate = secured.getPeerX509Certificate()
    const about = {
      protocol: secured.getProtocol() ?? 'unknown',
      cipherSuite: secured.getCipher().standardName,
    }
    if (certificate === undefined && !this.#required) return about
    const [code, nowMs] = [String(secured.authorizationError), this.#clock.now()]
    const isBelieved = secured.authorized || isPinnedForOther(certificate, code, this.#credentials, nowMs)
    if (certificate === undefined || !isBelieved) {
      const { authorities } = this.#credentials
      const words = distrustWords(certificate, { code, authorities, use: 'client', nowMs })
      throw new BrokenOff('TLS_FAILED', ABORT_BY_PROVIDER.reasonNotSpecified, words)
    }
    const { subject, fingerprint256: sha256 } = certificate
    return {
      ...about,
      certificate: { subject, sha256, names: certificateNames(secured.getPeerCertificate()) },
    }
  }
}

function failed(words: string): Failure {
  return new Failure('TLS_FAILED', words)
}
