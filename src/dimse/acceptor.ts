import type { Socket } from 'node:net'
import type { Clock } from '../platform/clock.ts'
import { describe, Failure } from '../platform/failure.ts'
import type { Log, LogFields } from '../platform/log.ts'
import type { AssociationEnd, AssociationHandlers, AssociationRequest } from './association.ts'
import {
  answerableMessageId,
  COMMAND_FIELD,
  type CommandSet,
  encodeStoreResponse,
  parseCommandSet,
  readCommandBytes,
} from './command-set.ts'
import { Connection } from './connection.ts'
import type { DimseLimits } from './dimse-limits.ts'
import { giveUp } from './give-up.ts'
import { LibraryAcceptor } from './library-acceptor.ts'
import { type AgreedContext, negotiate } from './negotiate.ts'
import {
  ABORT_BY_PROVIDER,
  ABORT_BY_USER,
  BrokenOff,
  encodeCommand,
  PDU_TYPE,
  timedOut,
  violation,
} from './pdu.ts'
import { type Fragment, PduReader, unexpectedPdu } from './pdu-reader.ts'
import { receiveDataSet } from './receive-data-set.ts'
import { performStore } from './store-service.ts'
import { Watchdog } from './watchdog.ts'

export interface AcceptorOptions {
  readonly peer: { readonly address: string; readonly port: number }
  readonly handlers: AssociationHandlers
  readonly clock: Clock
  readonly log: Log
  readonly limits: DimseLimits
  /** Whether one more association is within the limits. */
  readonly admit: () => boolean
}

interface Established {
  readonly request: AssociationRequest
  readonly contexts: ReadonlyMap<number, AgreedContext>
}

/**
 * The answering side of one connection, from its first byte to its last (the state machine of PS3.8 §9.2, states 2 to
 * 13, is the order of the statements here). One message at a time: what a peer sends while it is owed an answer stays
 * in the socket. After a rejection, release or abort nothing is looked at any more.
 */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #connection: Connection
  readonly #watchdog: Watchdog
  readonly #reader: PduReader
  readonly #library = new LibraryAcceptor()
  #isBetweenMessages = true
  #isStopping = false

  constructor(socket: Socket, options: AcceptorOptions) {
    this.#options = options
    this.#connection = new Connection(socket, options.clock)
    this.#watchdog = new Watchdog(options.clock, (waitedFor) => this.#connection.fail(timedOut(waitedFor)))
    this.#reader = new PduReader(this.#connection, this.#watchdog, options.limits)
  }

  /** Resolves when the connection is gone and every sink has had its last call; never rejects. */
  async run(): Promise<void> {
    const established = await this.#establish()
    if (established !== undefined) {
      this.#ended(established.request, await this.#serve(established))
    }
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
    this.#connection.fail(shuttingDown())
  }

  async #establish(): Promise<Established | undefined> {
    const { clock, limits, log, peer } = this.#options
    const timer = clock.after(limits.requestMs, () => this.#connection.fail(noRequest()))
    try {
      const next = await this.#reader.next()
      timer.cancel()
      this.#watchdog.stop()
      if (next.type === 'fragment') throw unexpectedPdu(PDU_TYPE.data, 'before a request')
      if (next.pduType !== PDU_TYPE.associateRequest) throw unexpectedPdu(next.pduType, 'before a request')
      return await this.#answerRequest(next.body)
    } catch (error) {
      log.debug('no association came about', { peerAddress: peer.address, reason: describe(error) })
      this.#giveUp(error)
      return undefined
    } finally {
      timer.cancel()
    }
  }

  async #answerRequest(body: Buffer): Promise<Established | undefined> {
    const { limits, log } = this.#options
    const { request, pdu, outcome } = negotiate(body, this.#library, {
      ...this.#options,
      maxPduLength: limits.maxPduLength,
    })
    const fields = describeAssociation(request)
    await this.#send(pdu)
    if (outcome.accepted) {
      log.debug('association accepted', { ...fields, presentationContexts: outcome.contexts.size })
      return { request, contexts: outcome.contexts }
    }
    log.warn('association rejected', { ...fields, reason: outcome.rejection.words })
    this.#connection.letGo(limits.lingerMs)
    return undefined
  }

  async #serve(established: Established): Promise<AssociationEnd> {
    try {
      while (await this.#nextMessage(established));
      await this.#send(this.#library.releaseResponse())
      this.#connection.letGo(this.#options.limits.lingerMs)
      return { how: 'released' }
    } catch (error) {
      return { how: 'aborted', failure: this.#giveUp(error) }
    }
  }

  /** Receives and answers one message; false when the peer asks for release instead. */
  async #nextMessage(established: Established): Promise<boolean> {
    if (this.#isStopping) throw shuttingDown()
    this.#isBetweenMessages = true
    this.#watchdog.set(this.#options.limits.idleMs, 'the next message')
    const next = await this.#reader.next()
    this.#isBetweenMessages = false
    if (next.type === 'control') {
      if (next.pduType === PDU_TYPE.releaseRequest) return false
      throw unexpectedPdu(next.pduType, 'in an open association')
    }
    await this.#perform(next, established)
    return true
  }

  async #perform(first: Fragment, established: Established): Promise<void> {
    const { contextId } = first
    const context = established.contexts.get(contextId)
    if (context === undefined) {
      throw violation(ABORT_BY_PROVIDER.invalidPduParameter, `a message on context ${contextId}`)
    }
    if (!first.isCommand) throw violation(ABORT_BY_PROVIDER.unexpectedPdu, 'a data set without a command')
    const bytes = await readCommandBytes(this.#reader, first)
    const command = parseCommandSet(bytes)
    // nothing that Ferry does can be cancelled, and C-CANCEL has no response (PS3.7 §9.3.2.3)
    if (command.commandField === COMMAND_FIELD.cCancelRequest) return
    const messageId = answerableMessageId(command)
    if (command.commandField === COMMAND_FIELD.cStoreRequest) {
      const call = { association: established.request, contextId, context, command, messageId }
      const answer = await performStore(call, { ...this.#options, ...this.#dataPath() })
      return this.#send(encodeCommand(contextId, encodeStoreResponse(command, answer)))
    }
    await this.#respond(contextId, command, bytes)
  }

  async #respond(contextId: number, command: CommandSet, bytes: Buffer): Promise<void> {
    const { reader, clock, discardMs } = this.#dataPath()
    if (command.hasDataSet) await receiveDataSet(reader, contextId, undefined, clock, discardMs)
    await this.#send(this.#library.respond(contextId, command, bytes))
  }

  #dataPath(): { reader: PduReader; clock: Clock; discardMs: number } {
    return { reader: this.#reader, clock: this.#options.clock, discardMs: this.#options.limits.discardMs }
  }

  /** A peer that does not read its answers is not served further. */
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

function noRequest(): Failure {
  return new Failure('ASSOCIATION_ABORTED', 'the peer did not ask for an association in time')
}

function shuttingDown(): BrokenOff {
  return new BrokenOff('ASSOCIATION_ABORTED', ABORT_BY_USER, 'the listener is closing')
}
