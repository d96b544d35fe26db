import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { FAILURES, Failure, failureFrom } from '../../platform/failure.ts'
import { answerGuarded } from '../../platform/http/answer-guarded.ts'
import { guardServer } from '../../platform/http/guard-server.ts'
import type { RequestTarget } from '../../platform/http/request-target.ts'
import { StrangerLog } from '../../platform/http/stranger-log.ts'
import type { Log } from '../../platform/log.ts'
import { listenFailure } from '../../platform/port-holder.ts'
import { openFileLimit } from '../../platform/process/open-file-limit.ts'
import { CENTER_PATHS } from '../../protocol/center-api.ts'
import { pinServerName } from '../../protocol/pin-name.ts'
import { sendFailure, statusOf } from '../http/http-answer.ts'
import { TUS_VERSION } from '../http/tus-headers.ts'
import { type TlsCertificate, tlsPin } from '../keys/tls-certificate.ts'
import { FrontConnections } from './front-connections.ts'
import { DEFAULT_FRONT_LIMITS, type FrontLimits, withinDescriptors } from './front-limits.ts'
import { answer, type RoutesOptions } from './routes.ts'

export interface ListenAt {
  readonly host: string
  readonly port: number
  readonly limits?: FrontLimits
}

const MIN_VERSION = 'TLSv1.3'
const HEADER_LIMIT_BYTES = 16 * 1024
/** Time limit for a connection without traffic; longer than a long poll. */
const SILENCE_MS = 60_000
/** Time limit for a whole request that is neither pack nor manifest, and for reading the rest of a refused body. */
const REQUEST_MS = 10 * 60_000
const DRAIN_MS = 30_000
/** Connections end up to this much later than the limits of FrontConnections say. */
const CHECK_EVERY_MS = 5000

interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: RequestTarget
  /** True if the client would use the connection again. */
  readonly keepsAlive: boolean
}

/** Statuses for a client whose identity is not verified, or which is not approved. */
const UNPROVED: ReadonlySet<number> = new Set([401, 403])

/** The center's HTTPS server: TLS 1.3 only, limits, and one place where every failure becomes an answer. */
export class Front {
  readonly #server: Server
  readonly #options: RoutesOptions
  readonly #log: Log
  readonly #strangers: StrangerLog
  readonly #connections: FrontConnections
  readonly #stop = new AbortController()
  readonly #answering = new Set<Promise<void>>()
  /** By the server name with which an agent asks for the key that it knows. */
  readonly #byName = new Map<string, SecureContext>()

  private constructor(options: RoutesOptions, tls: TlsCertificate, log: Log, limits: FrontLimits) {
    this.#options = options
    this.#log = log
    this.#strangers = new StrangerLog(log, options.clock)
    this.#connections = new FrontConnections(withinDescriptors(limits, openFileLimit()), options.clock)
    this.#server = createServer(
      {
        key: tls.key,
        cert: tls.certificate,
        minVersion: MIN_VERSION,
        SNICallback: (name, choose) => choose(null, this.#byName.get(name)),
        handshakeTimeout: limits.handshakeMs,
        maxHeaderSize: HEADER_LIMIT_BYTES,
        headersTimeout: limits.headersMs,
        connectionsCheckingInterval: CHECK_EVERY_MS,
        // A pack over a slow line may take any time; only silence ends it.
        requestTimeout: 0,
      },
      (request, response) => this.#onRequest(request, response),
    )
    this.#server.timeout = SILENCE_MS
    this.#admitBeforeTls()
    this.#server.on('secureConnection', (socket) => this.#connections.secured(socket))
    guardServer(this.#server, log, (peerAddress, reason) =>
      this.#strangers.warn('malformed request', peerAddress, { reason }),
    )
  }

  /** Throws PORT_IN_USE, or KEY_FILE_INVALID for a certificate that Node rejects. */
  static async listen(
    options: RoutesOptions,
    certificates: readonly [TlsCertificate, ...TlsCertificate[]],
    { limits = DEFAULT_FRONT_LIMITS, ...at }: ListenAt,
    log: Log,
  ): Promise<Front> {
    const front = taking(() => new Front(options, certificates[0], log, limits))
    taking(() => front.show(certificates))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    front.#server.once('error', reject).listen(at.port, at.host, resolve)
    await promise.catch((error: unknown) => {
      throw listenFailure(error, `listening on ${at.host}:${at.port}`, at.port)
    })
    return front
  }

  /**
   * Shows the first certificate from the next connection on, and another one to agents that ask for its pin. Open
   * connections continue. Throws for a certificate that Node rejects, and then changes nothing.
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

  /** TLS begins only on a connection that has a place; any other is closed, which costs almost nothing. */
  #admitBeforeTls(): void {
    const secure = this.#server.listeners('connection')
    this.#server.removeAllListeners('connection').on('connection', (socket) => {
      if (!(socket instanceof Socket) || !this.#connections.connected(socket)) return
      for (const listener of secure) Reflect.apply(listener, this.#server, [socket])
    })
  }

  /** The actual address, with the real port in place of 0. */
  get address(): AddressInfo {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') {
      throw new Failure('NOT_RUNNING', "reading the front's address: it does not listen")
    }
    return address
  }

  /** Closes all connections (every request may be sent again) and waits until each request has cleaned up. */
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

  #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const keepsAlive = response.shouldKeepAlive
    return answerGuarded(request, response, {
      begin: () => this.#begin(request, response),
      answer: (target) => this.#answerTarget({ request, response, target, keepsAlive }),
      refuse: (error, canAnswer) => this.#refuse(request, response, error, canAnswer),
    })
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    // Agents derive their view of the time from this.
    response.setHeader('Date', new Date(this.#options.clock.now()).toUTCString())
    response.setHeader('Tus-Resumable', TUS_VERSION)
    const asker = this.#connections.asked(request, response)
    if (asker === 'stranger') closeAfter(request, response)
    if (asker === 'hasty stranger') {
      request.socket.destroy()
      throw new Failure('PROTOCOL_VIOLATION', 'reading a request: the one before has no answer yet')
    }
  }

  async #answerTarget({ request, response, target, keepsAlive }: Asked): Promise<void> {
    const { clock } = this.#options
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const late = isLarge(target) ? undefined : clock.after(REQUEST_MS, () => void request.destroy())
    try {
      const signal = AbortSignal.any([gone.signal, this.#stop.signal])
      const proved = (agent: string): void => {
        if (this.#connections.proved(request, agent)) response.shouldKeepAlive = keepsAlive
      }
      await answer(this.#options, { request, response, target, proved, signal })
    } finally {
      late?.cancel()
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown, canAnswer: boolean): void {
    // The line broke, or a newer request replaced this one: no answer can be delivered.
    if (!canAnswer && !(error instanceof Failure)) return
    const failure = failureFrom(error, 'INTERNAL', 'answering a request')
    const status = statusOf(failure)
    this.#options.counts?.refused(failure.code)
    this.#logRefusal(request, failure, status)
    if (!canAnswer) return
    if (UNPROVED.has(status)) closeAfter(request, response)
    sendFailure(response, failure)
    if (!request.complete) this.#drain(request)
  }

  #logRefusal(request: IncomingMessage, { code, message }: Failure, status: number): void {
    const fields = { method: request.method, code, reason: message }
    const peerAddress = request.socket.remoteAddress ?? ''
    if (UNPROVED.has(status)) this.#strangers.warn('request without proof refused', peerAddress, fields)
    // An agent that is told to wait may ask very often, so its lines are only counted.
    else if (FAILURES[code] === 'wait') this.#strangers.warn('agent was told to wait', peerAddress, fields)
    else if (status >= 500) this.#log.error('request failed', fields)
    else this.#log.debug('request refused', { ...fields, peerAddress })
  }

  /**
   * A client that is still sending could not read its refusal if the connection broke; but it must not send without
   * end.
   */
  #drain(request: IncomingMessage): void {
    const timer = this.#options.clock.after(DRAIN_MS, () => void request.destroy())
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

/**
 * A connection without a verified token serves one request. If a body is still arriving, the client could not read its
 * answer after a close: such a connection ends by its time limit.
 */
function closeAfter(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  if (request.complete || (length === '0' && coding === undefined)) response.shouldKeepAlive = false
}

/** Accepted from approved agents only; over a slow line it may take any time, and only silence ends it. */
function isLarge({ path }: RequestTarget): boolean {
  return path.startsWith(CENTER_PATHS.packs) || path === CENTER_PATHS.manifests
}
