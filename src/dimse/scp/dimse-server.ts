import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import { describe } from '../../platform/failure.ts'
import type { Place } from '../../platform/http/crowd.ts'
import { isLoopback, withoutMappedPrefix } from '../../platform/http/peer-address.ts'
import { HOUR_MS, StrangerLog } from '../../platform/http/stranger-log.ts'
import type { Log } from '../../platform/log.ts'
import { listenFailure } from '../../platform/port-holder.ts'
import type { AssociationHandlers } from '../association/association-handlers.ts'
import type { CallerTrouble } from '../association/caller-trouble.ts'
import { checkLibrary } from '../dcmjs/library-check.ts'
import { TlsDoor } from '../tls/tls-door.ts'
import type { TlsAcceptance } from '../tls/tls-gate.ts'
import { DEFAULT_LIMITS, type DimseLimits } from '../wire/dimse-limits.ts'
import { Acceptor } from './acceptor.ts'
import { type KnownAddresses, ListenerCounts } from './listener-counts.ts'
import type { Peer } from './negotiate.ts'

export interface ListenOptions {
  /** The address to bind; all interfaces only if given explicitly. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly handlers: AssociationHandlers
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<DimseLimits>
  /** Addresses of listed devices: places are reserved for them. */
  readonly known?: KnownAddresses
  /** Counts shared with another listener under the same limits. */
  readonly counts?: ListenerCounts
  /** Logs shared with another listener. */
  readonly strangers?: DoorLogs
  /** If given, the port is for TLS alone. */
  readonly tls?: TlsAcceptance
  /** Called for peers that got no association, or lost presentation contexts, without a decision of the handlers. */
  readonly onTrouble?: (trouble: CallerTrouble) => void
}

/** Rate-limited log lines about strangers. */
interface DoorLogs {
  /** Rejected callers: one line per address and minute. */
  readonly rejected: StrangerLog
  /** Callers that failed earlier: one line per address and hour. */
  readonly troubled: StrangerLog
}

export function openDoorLogs(log: Log, clock: Clock): DoorLogs {
  return { rejected: new StrangerLog(log, clock), troubled: new StrangerLog(log, clock, HOUR_MS) }
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
    throw listenFailure(error, `listening on ${options.host}:${options.port}`, options.port)
  }
  return listener
}

/** A listener and its associations. */
export class DimseServer implements AsyncDisposable {
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #limits: DimseLimits
  readonly #counts: ListenerCounts
  readonly #strangers: DoorLogs
  readonly #running = new Map<Acceptor, Promise<void>>()
  readonly #door: TlsDoor | undefined
  /** Connections whose TLS handshake is not complete. */
  readonly #entering = new Map<Socket, Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(server: Server, options: ListenOptions) {
    this.#server = server
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#counts = options.counts ?? new ListenerCounts(this.#limits, options.clock, options.known)
    this.#strangers = options.strangers ?? openDoorLogs(options.log, options.clock)
    const { requestMs, lingerMs } = this.#limits
    const { tls: acceptance, clock } = options
    const report = (trouble: CallerTrouble): void => this.#report(trouble)
    const { turns } = this.#counts
    if (acceptance !== undefined)
      this.#door = new TlsDoor({ acceptance, clock, turns, requestMs, lingerMs, report })
    server.on('error', (error) => options.log.warn('a listener failed', { reason: describe(error) }))
    server.on('connection', (socket) => this.#connected(socket))
  }

  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? this.#options.port : address.port
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#running.size + this.#entering.size
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
    for (const socket of this.#entering.keys()) socket.destroy()
    await Promise.all(this.#entering.values())
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
    const { remoteAddress, remotePort, localAddress } = socket
    const address = withoutMappedPrefix(remoteAddress ?? '')
    socket.on('error', () => {}) // 'close' reports it
    const visitor = new Visitor(socket, address, this.#counts)
    if (remoteAddress === undefined || this.#closing !== undefined || !visitor.wait()) {
      socket.destroy()
      return
    }
    const isThisMachine = remoteAddress === localAddress || isLoopback(address)
    const peer = { address, port: remotePort ?? 0, isThisMachine }
    if (this.#door === undefined) this.#serve(socket, peer, visitor)
    else this.#entering.set(socket, this.#enter(this.#door, socket, peer, visitor))
  }

  async #enter(door: TlsDoor, socket: Socket, peer: Peer, visitor: Visitor): Promise<void> {
    const secured = await door.enter(socket, peer.address)
    this.#entering.delete(socket)
    if (secured === undefined) visitor.gone()
    else this.#serve(secured.socket, { ...peer, tls: secured.tls }, visitor)
  }

  #serve(socket: Socket, peer: Peer, visitor: Visitor): void {
    const { handlers, clock, log } = this.#options
    const acceptor = new Acceptor(socket, {
      peer,
      handlers,
      clock,
      log,
      strangers: this.#strangers.rejected,
      localPort: this.port,
      report: (trouble) => this.#report(trouble),
      tell: (trouble) => this.#tell(trouble),
      admit: () => visitor.associate(),
      leave: () => visitor.dissociate(),
      limits: this.#limits,
      gathering: this.#counts.gathering,
      turns: this.#counts.turns,
    })
    visitor.evict = () => acceptor.crowdOut()
    const running = acceptor.run().finally(() => {
      this.#running.delete(acceptor)
      visitor.gone()
    })
    this.#running.set(acceptor, running)
    // The handshake ended after the listener began to close.
    if (this.#closing !== undefined) acceptor.stop()
  }

  #report(trouble: CallerTrouble): void {
    if (this.#closing !== undefined) return
    const { peerAddress, callingAeTitle, calledAeTitle, words, kind } = trouble
    const line = kind === 'contexts' ? 'presentation contexts refused' : 'a caller got no association'
    this.#strangers.troubled.warn(line, peerAddress, { callingAeTitle, calledAeTitle, reason: words })
    this.#tell(trouble)
  }

  #tell(trouble: CallerTrouble): void {
    const { log, onTrouble } = this.#options
    try {
      onTrouble?.(trouble)
    } catch (error) {
      log.error('reporting a peer failed', { reason: describe(error) })
    }
  }
}

/** One socket and its share of the limits: a waiting place, or an association. */
class Visitor {
  readonly #socket: Socket
  readonly #address: string
  readonly #counts: ListenerCounts
  /** Called before the socket is destroyed because another one needs its place. */
  evict: () => void = () => {}
  #place: Place | undefined
  #isAssociated = false

  constructor(socket: Socket, address: string, counts: ListenerCounts) {
    this.#socket = socket
    this.#address = address
    this.#counts = counts
  }

  wait(): boolean {
    this.#place = this.#counts.wait(this.#address, () => {
      this.evict()
      this.#socket.destroy()
    })
    return this.#place !== undefined
  }

  associate(): boolean {
    this.#isAssociated = this.#counts.associate(this.#address)
    if (this.#isAssociated) this.#place?.leave()
    return this.#isAssociated
  }

  /**
   * A peer that is slow to close after a rejection or release takes a waiting place again, instead of an association.
   */
  dissociate(): void {
    if (!this.#isAssociated) return
    this.#end()
    if (!this.#socket.closed && !this.wait()) this.#socket.destroy()
  }

  gone(): void {
    this.#end()
    this.#place?.leave()
  }

  #end(): void {
    if (this.#isAssociated) this.#counts.dissociate(this.#address)
    this.#isAssociated = false
  }
}
