import type { Socket } from 'node:net'
import type { Clock } from '../../platform/clock.ts'
import { describe, Failure } from '../../platform/failure.ts'
import type { StrangerLog } from '../../platform/http/stranger-log.ts'
import type { Log, LogFields } from '../../platform/log.ts'
import type { AssociationEnd, AssociationRequest } from '../association/association.ts'
import type { AssociationHandlers } from '../association/association-handlers.ts'
import type { CallerTrouble } from '../association/caller-trouble.ts'
import { brokenContextWords } from '../association/proposed-contexts.ts'
import { requestTitles } from '../association/request-titles.ts'
import { requestTrouble } from '../association/request-trouble.ts'
import { LibraryAcceptor } from '../dcmjs/library-acceptor.ts'
import { isTlsRecord, TLS_HANDSHAKE_FAILURE } from '../tls/tls-door.ts'
import { Connection, giveUp } from '../wire/connection.ts'
import type { DimseLimits } from '../wire/dimse-limits.ts'
import type { GatheringLimits } from '../wire/gathered-data-set.ts'
import { ABORT_BY_USER, BrokenOff, PDU_TYPE, timedOut } from '../wire/pdu.ts'
import { PduReader, unexpectedPdu } from '../wire/pdu-reader.ts'
import type { ReadingTurns } from '../wire/reading-turns.ts'
import { Watchdog } from '../wire/watchdog.ts'
import { type Negotiated, negotiate, type Peer } from './negotiate.ts'
import { OwnRequests } from './own-requests.ts'
import { type Agreed, ServedMessages } from './served-messages.ts'

interface AcceptorOptions {
  readonly peer: Peer
  readonly handlers: AssociationHandlers
  readonly clock: Clock
  readonly log: Log
  /** Logs rejected peers. */
  readonly strangers: StrangerLog
  readonly limits: DimseLimits
  /** The memory limit that the requests of all connections share. */
  readonly gathering: GatheringLimits
  /** Shared by the connections of all listeners. */
  readonly turns: ReadingTurns
  /** Returns true if one more association is within the limits; it then counts until {@link leave}. */
  readonly admit: () => boolean
  /** Called when the association is over; may be called again. */
  readonly leave: () => void
  /** Port of the listener. */
  readonly localPort: number
  /** Logs that a peer gets no association, or loses contexts, without a decision of the handlers, and reports it. */
  readonly report: (trouble: CallerTrouble) => void
  /** Reports trouble that has its own line in the log. */
  readonly tell: (trouble: CallerTrouble) => void
}

interface Established {
  readonly request: AssociationRequest
  readonly services: ServedMessages
  readonly own: OwnRequests
}

/**
 * The acceptor's side of one connection, from its first byte to its last (the state machine of PS3.8 §9.2, states 2 to
 * 13, is the order of the statements here). It serves one message at a time: bytes that arrive while the peer is owed
 * an answer stay in the socket. After a rejection, release or abort no further input is processed.
 */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #connection: Connection
  readonly #watchdog: Watchdog
  readonly #reader: PduReader
  readonly #library = new LibraryAcceptor()
  #isBetweenMessages = true
  #isStopping = false
  /** True once the request was read whole and decided. */
  #isDecided = false

  constructor(socket: Socket, options: AcceptorOptions) {
    this.#options = options
    this.#connection = new Connection(socket, options.clock, options.turns)
    this.#watchdog = new Watchdog(options.clock, (waitedFor) => this.#connection.fail(timedOut(waitedFor)))
    this.#reader = new PduReader(this.#connection, this.#watchdog, options.limits)
  }

  /** Resolves when the connection is gone and every sink has had its last call; never rejects. */
  async run(): Promise<void> {
    const established = await this.#establish()
    if (established !== undefined) {
      this.#ended(established.request, await this.#serve(established))
    }
    this.#options.leave()
    this.#watchdog.close()
    await this.#connection.closed
  }

  /** Ends the association with an A-ABORT, once the message that is under way has been answered. */
  stop(): void {
    this.#isStopping = true
    if (this.#isBetweenMessages) this.abort()
  }

  /** Ends the association with an A-ABORT now. */
  abort(): void {
    this.#isStopping = true
    this.#connection.fail(shuttingDown())
  }

  /** Closes a waiting connection to make room for another one. */
  crowdOut(): void {
    this.#connection.fail(new Failure('ASSOCIATION_ABORTED', 'its place was given to another connection'))
  }

  async #establish(): Promise<Established | undefined> {
    const { clock, limits } = this.#options
    const timer = clock.after(limits.requestMs, () => this.#connection.fail(noRequest(limits.requestMs)))
    try {
      const isPlain = this.#options.peer.tls === undefined
      if (isPlain && isTlsRecord(await this.#connection.peek(2))) return await this.#refuseTls()
      const next = await this.#reader.next()
      timer.cancel()
      this.#watchdog.stop()
      if (next.type === 'fragment') throw unexpectedPdu(PDU_TYPE.data, 'before a request')
      if (next.pduType !== PDU_TYPE.associateRequest) throw unexpectedPdu(next.pduType, 'before a request')
      return await this.#answerRequest(next.body)
    } catch (error) {
      this.#tellOfNone(this.#giveUp(error))
      return undefined
    } finally {
      timer.cancel()
    }
  }

  /** Skips ends and faults of Ferry itself, which are not problems of the caller; faults are logged as such. */
  #tellOfNone(failure: Failure): void {
    if (this.#isStopping || failure.code === 'INTERNAL') return
    if (!this.#isDecided)
      return this.#options.report(this.#trouble(requestTrouble(this.#connection.head, failure)))
    this.#options.log.debug('a caller did not wait for its answer', { reason: failure.message })
  }

  #trouble(trouble: Pick<CallerTrouble, 'kind' | 'words'>): CallerTrouble {
    const { address: peerAddress } = this.#options.peer
    return { ...trouble, peerAddress, ...requestTitles(this.#connection.head) }
  }

  async #refuseTls(): Promise<undefined> {
    const { limits } = this.#options
    const words = `it speaks TLS on port ${this.#options.localPort}, which is without TLS`
    this.#options.report(this.#trouble({ kind: 'tls-on-plain', words }))
    await this.#send(TLS_HANDSHAKE_FAILURE)
    this.#connection.letGo(limits.lingerMs)
    return undefined
  }

  async #answerRequest(body: Buffer): Promise<Established | undefined> {
    const { limits, log } = this.#options
    const negotiated = negotiate(body, this.#library, {
      ...this.#options,
      maxPduLength: limits.maxPduLength,
    })
    const { request, peerMaxPduLength, pdu, outcome } = negotiated
    this.#isDecided = true
    this.#tellOfDecision(negotiated)
    if (outcome.accepted) this.#reader.announced(outcome.maxPduLength)
    await this.#send(pdu)
    if (outcome.accepted) {
      const presentationContexts = outcome.contexts.size
      log.debug('association accepted', { ...describeAssociation(request), presentationContexts })
      return this.#established({ association: request, contexts: outcome.contexts, peerMaxPduLength })
    }
    this.#connection.letGo(limits.lingerMs)
    return undefined
  }

  #tellOfDecision({ request, outcome, brokenContexts }: Negotiated): void {
    const { report, tell, strangers } = this.#options
    if (outcome.accepted) {
      const words = brokenContextWords(brokenContexts)
      if (words !== undefined) report(this.#trouble({ kind: 'contexts', words }))
      return
    }
    const { rejection, reason, trouble } = outcome
    if (trouble !== undefined) tell(this.#trouble({ kind: trouble, words: reason }))
    strangers.warn('association rejected', request.peerAddress, {
      ...describeAssociation(request),
      answered: rejection.words,
      reason,
    })
  }

  #established(agreed: Agreed): Established {
    const { clock, limits } = this.#options
    const write = (bytes: Buffer): Promise<void> => this.#connection.write(bytes)
    const { peerMaxPduLength } = agreed
    const own = new OwnRequests({ write, clock, answerMs: limits.pduMs, peerMaxPduLength })
    const send = (bytes: Buffer): Promise<void> => this.#send(bytes)
    const means = {
      ...this.#options,
      discardMs: limits.discardMs,
      reader: this.#reader,
      library: this.#library,
    }
    return { request: agreed.association, own, services: new ServedMessages(agreed, { ...means, own, send }) }
  }

  async #serve(established: Established): Promise<AssociationEnd> {
    try {
      while (await this.#nextMessage(established));
      established.own.end(released())
      await this.#send(this.#library.releaseResponse())
      this.#connection.letGo(this.#options.limits.lingerMs)
      return { how: 'released' }
    } catch (error) {
      const failure = this.#giveUp(error)
      established.own.end(failure)
      return { how: 'aborted', failure }
    }
  }

  /** Receives and answers one message; returns false if the peer asks for release instead. */
  async #nextMessage(established: Established): Promise<boolean> {
    if (this.#isStopping) throw shuttingDown()
    this.#isBetweenMessages = true
    this.#watchdog.set(this.#options.limits.idleMs, 'the next message')
    established.own.peerIsFree()
    const next = await this.#reader.next()
    established.own.peerWaits()
    this.#isBetweenMessages = false
    if (next.type === 'control') {
      if (next.pduType === PDU_TYPE.releaseRequest) return false
      throw unexpectedPdu(next.pduType, 'in an open association')
    }
    await established.services.perform(next)
    return true
  }

  /** Stops serving a peer that does not read its answers. */
  async #send(pdu: Buffer): Promise<void> {
    this.#watchdog.set(this.#options.limits.pduMs, 'an answer to be read')
    await this.#connection.write(pdu)
  }

  #giveUp(error: unknown): Failure {
    const { log, limits } = this.#options
    const failure = giveUp(this.#connection, error, limits.lingerMs)
    if (failure.code === 'INTERNAL') log.warn('serving an association failed', { reason: failure.message })
    return failure
  }

  #ended(association: AssociationRequest, end: AssociationEnd): void {
    const { handlers, log } = this.#options
    const fields = describeAssociation(association)
    if (end.how === 'released') log.debug('association released', fields)
    else log.warn('association aborted', { ...fields, reason: end.failure.message })
    try {
      handlers.ended?.(association, end)
    } catch (error) {
      log.error('ending an association failed', { reason: describe(error) })
    }
  }
}

function describeAssociation({ callingAeTitle, calledAeTitle, peerAddress }: AssociationRequest): LogFields {
  return { callingAeTitle, calledAeTitle, peerAddress }
}

function released(): Failure {
  return new Failure('ASSOCIATION_ABORTED', 'the peer released the association')
}

function noRequest(requestMs: number): Failure {
  return new Failure('ASSOCIATION_ABORTED', `${requestMs / 1000} s passed`)
}

function shuttingDown(): BrokenOff {
  return new BrokenOff('ASSOCIATION_ABORTED', ABORT_BY_USER, 'the listener is closing')
}
