import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { Failure, failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import { CENTER_PATHS } from '../protocol/center-api.ts'
import { pinServerName } from '../protocol/pin-name.ts'
import { sendFailure, statusOf } from './http-answer.ts'
import { answer, type RouteMeans } from './routes.ts'
import { type TlsCertificate, tlsPin } from './tls-certificate.ts'
import { TUS_VERSION } from './tus-headers.ts'

export interface ListenAt {
  readonly host: string
  readonly port: number
}

const MIN_VERSION = 'TLSv1.3'
const HEADER_LIMIT_BYTES = 16 * 1024
const HANDSHAKE_MS = 30_000
const HEADERS_MS = 30_000
/** A connection on which nothing moves; longer than a long poll. */
const SILENCE_MS = 60_000
/** For a whole request that is neither pack nor manifest, and for draining the body of one that was refused. */
const REQUEST_MS = 10 * 60_000
const DRAIN_MS = 30_000
const CONNECTIONS = 1_000

/** The center's HTTPS server: TLS 1.3 only, limits, and one place where every failure becomes an answer. */
export class Front {
  readonly #server: Server
  readonly #means: RouteMeans
  readonly #log: Log
  readonly #stop = new AbortController()
  readonly #answering = new Set<Promise<void>>()
  /** By the server name with which an agent asks for the key that it knows. */
  readonly #byName = new Map<string, SecureContext>()

  private constructor(means: RouteMeans, tls: TlsCertificate, log: Log) {
    this.#means = means
    this.#log = log
    this.#server = createServer(
      {
        key: tls.key,
        cert: tls.certificate,
        minVersion: MIN_VERSION,
        SNICallback: (name, choose) => choose(null, this.#byName.get(name)),
        handshakeTimeout: HANDSHAKE_MS,
        maxHeaderSize: HEADER_LIMIT_BYTES,
        headersTimeout: HEADERS_MS,
        // A pack over a slow line takes as long as it takes; silence is what ends it.
        requestTimeout: 0,
      },
      (request, response) => this.#onRequest(request, response),
    )
    this.#server.timeout = SILENCE_MS
    this.#server.maxConnections = CONNECTIONS
  }

  /** Throws PORT_IN_USE, or KEY_FILE_INVALID for a certificate that Node does not take. */
  static async listen(
    means: RouteMeans,
    certificates: readonly [TlsCertificate, ...TlsCertificate[]],
    at: ListenAt,
    log: Log,
  ): Promise<Front> {
    const front = taking(() => new Front(means, certificates[0], log))
    taking(() => front.show(certificates))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    front.#server.once('error', reject).listen(at.port, at.host, resolve)
    await promise.catch((error: unknown) => {
      throw failureFrom(error, 'PORT_IN_USE', `listening on ${at.host} port ${at.port}`)
    })
    return front
  }

  /**
   * Shows the first certificate from the next connection on, and another one to agents that ask for its pin. Connections
   * that are open go on. Throws for a certificate that Node does not take, and then changes nothing.
   */
  show(certificates: readonly [TlsCertificate, ...TlsCertificate[]]): void {
    const contexts = certificates.map(({ key, certificate }) => {
      const context = createSecureContext({ key, cert: certificate, minVersion: MIN_VERSION })
      return [pinServerName(tlsPin(certificate)), context] as const
    })
    const [{ key, certificate }] = certificates
    this.#server.setSecureContext({ key, cert: certificate, minVersion: MIN_VERSION })
    this.#byName.clear()
    for (const [name, context] of contexts) this.#byName.set(name, context)
  }

  /** Where it listens; port 0 has become a real one. */
  get address(): AddressInfo {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') {
      throw new Failure('NOT_RUNNING', "reading the front's address: it does not listen")
    }
    return address
  }

  /** Breaks connections off (every request may be sent again) and waits until each has left things in order. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#stop.abort()
    this.#server.closeAllConnections()
    await Promise.all([promise, ...this.#answering])
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const answering = this.#answer(request, response).finally(() => this.#answering.delete(answering))
    this.#answering.add(answering)
  }

  /** Never rejects. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock } = this.#means
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    // Agents set their idea of the time by this.
    response.setHeader('Date', new Date(clock.now()).toUTCString())
    response.setHeader('Tus-Resumable', TUS_VERSION)
    const late = isLarge(request) ? undefined : clock.after(REQUEST_MS, () => void request.destroy())
    try {
      const signal = AbortSignal.any([gone.signal, this.#stop.signal])
      await answer(this.#means, { request, response, signal })
    } catch (error) {
      this.#refuse(request, response, error)
    } finally {
      late?.cancel()
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const isGone = response.socket?.destroyed !== false || response.headersSent
    // The line broke, or a newer request took this one's place: nobody is there to hear.
    if (isGone && !(error instanceof Failure)) return void response.destroy()
    const failure = failureFrom(error, 'INTERNAL', 'answering a request')
    const { code, message } = failure
    const fields = { method: request.method, code, message }
    if (statusOf(failure) >= 500) this.#log.error('request failed', fields)
    else this.#log.debug('request refused', fields)
    if (isGone) return void response.destroy()
    sendFailure(response, failure)
    if (!request.complete) this.#drain(request)
  }

  /** A client that still sends would not read its refusal if the connection broke; but it shall not send for ever. */
  #drain(request: IncomingMessage): void {
    const timer = this.#means.clock.after(DRAIN_MS, () => void request.destroy())
    request.once('close', () => timer.cancel())
    request.resume()
  }
}

function taking<Made>(make: () => Made): Made {
  try {
    return make()
  } catch (error) {
    throw failureFrom(error, 'KEY_FILE_INVALID', "taking the center's TLS certificate")
  }
}

/** Taken from approved agents only; over a slow line it takes as long as it takes, and silence is what ends it. */
function isLarge({ url }: IncomingMessage): boolean {
  return url?.startsWith(CENTER_PATHS.packs) === true || url === CENTER_PATHS.manifests
}
