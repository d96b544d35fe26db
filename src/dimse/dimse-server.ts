import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../platform/clock.ts'
import { describe, failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import { Acceptor } from './acceptor.ts'
import type { AssociationHandlers } from './association.ts'
import { DEFAULT_LIMITS, type DimseLimits } from './dimse-limits.ts'
import { checkLibrary } from './library-check.ts'
import { PeerCount } from './peer-count.ts'

export interface ListenOptions {
  /** The address to bind; never all interfaces unless it says so. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly handlers: AssociationHandlers
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<DimseLimits>
}

/** Begins to accept associations. Fails with PORT_IN_USE, or DIMSE_LIBRARY_CHANGED. */
export async function listenForAssociations(options: ListenOptions): Promise<DimseServer> {
  checkLibrary()
  const server = createServer({ noDelay: true })
  const listener = new DimseServer(server, options)
  server.listen({ host: options.host, port: options.port })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw failureFrom(error, 'PORT_IN_USE', `listening on ${options.host}:${options.port}`)
  }
  return listener
}

/** A listener and its associations. */
export class DimseServer implements AsyncDisposable {
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #limits: DimseLimits
  readonly #connections: PeerCount
  readonly #associations: PeerCount
  readonly #running = new Map<Acceptor, Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(server: Server, options: ListenOptions) {
    this.#server = server
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#connections = new PeerCount(this.#limits.connections, this.#limits.connectionsPerPeer)
    this.#associations = new PeerCount(this.#limits.associations, this.#limits.associationsPerPeer)
    server.on('error', (error) => options.log.warn('a listener failed', { reason: describe(error) }))
    server.on('connection', (socket) => this.#connected(socket))
  }

  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? this.#options.port : address.port
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#running.size
  }

  /**
   * Stops accepting. Associations end at once, but an instance under way may finish and be answered within the grace
   * period or until `signal` is aborted, whichever is sooner. Resolves when every sink has had its last call.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#close(signal)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(signal?: AbortSignal): Promise<void> {
    this.#server.close()
    for (const acceptor of this.#running.keys()) acceptor.stop()
    const abortAll = (): void => {
      for (const acceptor of this.#running.keys()) acceptor.abort()
    }
    const grace = this.#options.clock.after(this.#limits.closeGraceMs, abortAll)
    signal?.addEventListener('abort', abortAll, { once: true })
    if (signal?.aborted === true) abortAll()
    await Promise.all(this.#running.values())
    grace.cancel()
    signal?.removeEventListener('abort', abortAll)
  }

  #connected(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    const address = withoutMappedPrefix(remoteAddress ?? '')
    if (remoteAddress === undefined || this.#closing !== undefined || !this.#connections.take(address)) {
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    this.#serve(socket, { address, port: remotePort ?? 0 })
  }

  #serve(socket: Socket, peer: { address: string; port: number }): void {
    const { handlers, clock, log } = this.#options
    let isAssociated = false
    const admit = (): boolean => {
      isAssociated = this.#associations.take(peer.address)
      return isAssociated
    }
    const acceptor = new Acceptor(socket, { peer, handlers, clock, log, limits: this.#limits, admit })
    const running = acceptor.run().finally(() => {
      this.#running.delete(acceptor)
      this.#connections.giveBack(peer.address)
      if (isAssociated) this.#associations.giveBack(peer.address)
    })
    this.#running.set(acceptor, running)
  }
}

/** A dual-stack listener shows IPv4 peers as ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2). */
function withoutMappedPrefix(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
