import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { AssociationRequest, StoreAnswer } from '../association/association.ts'
import { receiveDataSet } from '../association/receive-data-set.ts'
import {
  type OutgoingRequest,
  SERVICE_STATUS,
  type ServiceAnswer,
  type ServiceHandler,
} from '../association/service.ts'
import {
  encodeServiceRequest,
  encodeServiceResponse,
  readServiceCommand,
} from '../association/service-command.ts'
import type { Accepted, AcceptedContext } from '../dcmjs/library-requestor.ts'
import { performRequest } from '../scp/perform-request.ts'
import {
  type CommandSet,
  encodeCancelRequest,
  encodeEchoRequest,
  encodeFindRequest,
  encodeStoreRequest,
  isResponse,
  parseCommandSet,
  readCommandBytes,
} from '../wire/command-set.ts'
import { type Connection, giveUp } from '../wire/connection.ts'
import { DEFAULT_LIMITS } from '../wire/dimse-limits.ts'
import { encodeMessage } from '../wire/encode-message.ts'
import { GatheredDataSet, GatheringLimits } from '../wire/gathered-data-set.ts'
import {
  ABORT_BY_PROVIDER,
  ABORT_BY_USER,
  BrokenOff,
  encodeCommand,
  encodePdu,
  PDU_TYPE,
  timedOut,
  violation,
} from '../wire/pdu.ts'
import { type ControlPdu, type Fragment, type PduReader, unexpectedPdu } from '../wire/pdu-reader.ts'
import { fragmentLength, sendDataSet } from '../wire/send-data-set.ts'
import { Watchdog } from '../wire/watchdog.ts'
import type { RequestorTimeouts } from './requestor-timeouts.ts'

const VERIFICATION = '1.2.840.10008.1.1'

/** An instance to send. Its data set is transmitted byte for byte, so it must be encoded in that transfer syntax. */
export interface OutgoingInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Chunks of any size; each must stay unchanged after it is yielded. */
  readonly dataSet: AsyncIterable<Buffer>
}

/** The result of negotiation. */
interface OpenedAssociation {
  readonly connection: Connection
  readonly reader: PduReader
  /** Times the peer's reading while we send. */
  readonly watchdog: Watchdog
  readonly clock: Clock
  readonly timeouts: RequestorTimeouts
  readonly accepted: Accepted
  /** Our own request. */
  readonly association: AssociationRequest
  readonly services?: RequestorServices
}

/** Answers requests of a peer on an association that we opened. */
export interface RequestorServices {
  readonly handler: ServiceHandler
  readonly log: Log
}

/** Statuses of a match of C-FIND: more responses follow (PS3.4 §C.4.1.1.4). */
const MATCHES: ReadonlySet<number> = new Set([0xff00, 0xff01])

/** Takes one match; false = no more are wanted. */
type TakeMatch = (identifier: Buffer) => boolean

interface Pending extends PromiseWithResolvers<ServiceAnswer> {
  readonly messageId: number
  /** Takes the matches of C-FIND; undefined after C-CANCEL. */
  take?: TakeMatch | undefined
  readonly isFind: boolean
  /** Resolves when the whole request has been handed over. */
  sent: Promise<void>
  isSent: boolean
}

/**
 * An association that we requested: one request at a time. If the connection fails, every call settles with
 * ASSOCIATION_ABORTED or PROTOCOL_VIOLATION; every later call fails with the same.
 */
export class RequestedAssociation implements AsyncDisposable {
  readonly #opened: OpenedAssociation
  readonly #deadline: Watchdog
  readonly #received: Promise<void>
  readonly #gathering = new GatheringLimits(DEFAULT_LIMITS.requestBytes, DEFAULT_LIMITS.requestBytesEach)
  #messageId = 0
  #pending: Pending | undefined
  #isReleasing = false
  #over: Failure | undefined

  constructor(opened: OpenedAssociation, stopListening: () => void) {
    this.#opened = opened
    this.#deadline = new Watchdog(opened.clock, (waitedFor) => this.#end(timedOut(waitedFor)))
    this.#received = this.#receive().finally(stopListening)
  }

  get contexts(): readonly AcceptedContext[] {
    return this.#opened.accepted.contexts
  }

  /** Returns true if instances of the class can be stored in the transfer syntax. */
  accepts(sopClassUid: string, transferSyntaxUid: string): boolean {
    return this.#context(sopClassUid, transferSyntaxUid) !== undefined
  }

  /** Sends C-ECHO; returns the status. */
  async echo(): Promise<number> {
    const context = this.#context(VERIFICATION)
    if (context === undefined) throw new Failure('STORE_REFUSED', 'the peer does not accept verification')
    const { status } = await this.#exchange((messageId) =>
      this.#write(encodeCommand(context.id, encodeEchoRequest(messageId, VERIFICATION))),
    )
    return status
  }

  /**
   * Sends C-STORE; returns the peer's answer, failure statuses included. Throws STORE_REFUSED if the peer accepts no
   * context for the instance. If the data set's source fails, the association is aborted and the source's error thrown.
   */
  async store(instance: OutgoingInstance): Promise<StoreAnswer> {
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet } = instance
    const context = this.#context(sopClassUid, transferSyntaxUid)
    if (context === undefined) {
      throw new Failure('STORE_REFUSED', `the peer accepts no ${sopClassUid} in ${transferSyntaxUid}`)
    }
    const length = fragmentLength(this.#opened.accepted.maxPduLength)
    const { status, errorComment } = await this.#exchange((messageId) => {
      const command = encodeCommand(context.id, encodeStoreRequest(messageId, sopClassUid, sopInstanceUid))
      return sendDataSet((...parts) => this.#write(...parts), context.id, length, command, dataSet)
    })
    return { status, ...(errorComment === undefined ? {} : { errorComment }) }
  }

  /**
   * Sends C-FIND and gives each match to `take`; if that returns false, the request is cancelled by C-CANCEL and later matches
   * are dropped. Returns the final answer. A match beyond the limit of a message is left out. `identifier` must be encoded in
   * the transfer syntax that {@link contexts} shows. Throws STORE_REFUSED if the peer accepts no context for it.
   */
  async find(sopClassUid: string, identifier: Buffer, take: TakeMatch): Promise<ServiceAnswer> {
    const context = this.#context(sopClassUid)
    if (context === undefined)
      throw new Failure('STORE_REFUSED', `the peer accepts no C-FIND of ${sopClassUid}`)
    const { maxPduLength } = this.#opened.accepted
    return this.#exchange((messageId) => {
      const command = encodeFindRequest(messageId, sopClassUid)
      return this.#write(encodeMessage(context.id, command, identifier, maxPduLength))
    }, take)
  }

  /**
   * Sends N-ACTION, N-CREATE, N-SET, or N-EVENT-REPORT if we are SCP; returns the peer's answer. The data set must be
   * encoded in the transfer syntax that {@link contexts} shows. Throws STORE_REFUSED if the peer accepts no context for
   * it. A report is also sent to a peer that accepts the context without the role, since some such peers take it.
   */
  async perform(request: OutgoingRequest): Promise<ServiceAnswer> {
    const context = this.#context(request.sopClassUid)
    if (context === undefined) {
      throw new Failure('STORE_REFUSED', `the peer accepts no ${request.service} of ${request.sopClassUid}`)
    }
    const { maxPduLength } = this.#opened.accepted
    return this.#exchange((messageId) => {
      const command = encodeServiceRequest(messageId, request)
      return this.#write(encodeMessage(context.id, command, request.dataSet, maxPduLength))
    })
  }

  /** Resolves when the association is over, also if the peer does not follow the release procedure. */
  async release(): Promise<void> {
    const { connection, timeouts } = this.#opened
    if (this.#pending !== undefined) throw new Failure('INTERNAL', 'a release while a request is under way')
    if (this.#over === undefined && !this.#isReleasing) {
      this.#isReleasing = true
      this.#deadline.set(timeouts.releaseMs, 'the answer to a release')
      await connection.write(encodePdu(PDU_TYPE.releaseRequest, Buffer.alloc(4))).catch(() => {})
    }
    await this.#received
  }

  /** Ends the association at once; a running request fails. */
  abort(): void {
    this.#end(calledOff())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#pending !== undefined) this.abort()
    else await this.release()
  }

  #context(abstractSyntaxUid: string, transferSyntaxUid?: string): AcceptedContext | undefined {
    return this.contexts.find(
      (context) =>
        context.abstractSyntaxUid === abstractSyntaxUid &&
        (transferSyntaxUid === undefined || context.transferSyntaxUid === transferSyntaxUid),
    )
  }

  async #exchange(send: (messageId: number) => Promise<void>, take?: TakeMatch): Promise<ServiceAnswer> {
    if (this.#over !== undefined) throw this.#over
    if (this.#pending !== undefined || this.#isReleasing) {
      throw new Failure('INTERNAL', 'a request while another one, or the release, is under way')
    }
    this.#messageId = (this.#messageId % 0xffff) + 1
    const pending: Pending = {
      messageId: this.#messageId,
      sent: Promise.resolve(),
      isSent: false,
      isFind: take !== undefined,
      take,
      ...Promise.withResolvers<ServiceAnswer>(),
    }
    pending.promise.catch(() => {}) // the sending may fail first, and then the response is not awaited
    this.#pending = pending
    try {
      const sending = send(pending.messageId)
      pending.sent = sending.catch(() => {})
      await Promise.race([sending, untilRejected(pending.promise)])
      pending.isSent = true
      this.#awaitResponse()
      return await pending.promise
    } catch (error) {
      // half a message may have been sent: no other message can follow it
      this.#end(this.#opened.connection.failure ?? calledOff())
      throw error
    } finally {
      this.#deadline.stop()
      this.#pending = undefined
    }
  }

  #awaitResponse(): void {
    this.#deadline.set(this.#opened.timeouts.responseMs, 'a response')
  }

  async #write(...parts: readonly Buffer[]): Promise<void> {
    this.#deadline.set(this.#opened.timeouts.sendMs, 'the peer to take a request')
    await this.#opened.connection.write(...parts)
    this.#deadline.stop()
  }

  async #receive(): Promise<void> {
    const { reader, watchdog } = this.#opened
    try {
      for (;;) {
        const next = await reader.next()
        if (next.type === 'control') return this.#released(next)
        await this.#message(next)
        watchdog.stop()
      }
    } catch (error) {
      this.#end(error)
    }
  }

  #released({ pduType }: ControlPdu): void {
    const { connection } = this.#opened
    if (pduType === PDU_TYPE.releaseResponse && this.#isReleasing) {
      this.#end(new Failure('ASSOCIATION_ABORTED', 'the association has been released'))
    } else if (pduType === PDU_TYPE.releaseRequest) {
      // a release cannot be refused (PS3.8 §7.2.2); this also answers a release collision
      connection.write(encodePdu(PDU_TYPE.releaseResponse, Buffer.alloc(4))).catch(() => {})
      this.#end(new Failure('ASSOCIATION_ABORTED', 'the peer released the association'))
    } else throw unexpectedPdu(pduType, 'in an open association')
  }

  async #message(first: Fragment): Promise<void> {
    if (!first.isCommand) throw violation(ABORT_BY_PROVIDER.unexpectedPdu, 'a data set without a command')
    const command = parseCommandSet(await readCommandBytes(this.#opened.reader, first))
    if (isResponse(command)) await this.#response(first.contextId, command)
    else await this.#request(first.contextId, command)
  }

  async #response(contextId: number, command: CommandSet): Promise<void> {
    const { reader, clock } = this.#opened
    using gathered = new GatheredDataSet(this.#gathering)
    if (command.hasDataSet) {
      await receiveDataSet(reader, contextId, gathered, clock, DEFAULT_LIMITS.discardMs)
    }
    const pending = this.#pending
    if (pending === undefined || command.messageIdBeingRespondedTo !== pending.messageId) {
      throw notAwaited(command)
    }
    const { status, errorComment, affectedSopInstanceUid: sopInstanceUid } = command
    if (status === undefined) throw violation(ABORT_BY_USER, 'a response without a status')
    if (pending.isFind && MATCHES.has(status)) {
      const match = command.hasDataSet && !gathered.isTooLarge ? gathered.whole() : undefined
      return await this.#match(contextId, pending, match)
    }
    pending.resolve({
      status,
      ...(errorComment === undefined ? {} : { errorComment }),
      ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
      ...(command.hasDataSet && !gathered.isTooLarge ? { dataSet: gathered.whole() } : {}),
    })
  }

  async #match(contextId: number, pending: Pending, match: Buffer | undefined): Promise<void> {
    if (match !== undefined && pending.take?.(match) === false) {
      pending.take = undefined
      await pending.sent
      await this.#write(encodeCommand(contextId, encodeCancelRequest(pending.messageId)))
    }
    if (pending.isSent) this.#awaitResponse()
  }

  /** Answers a request of the peer, such as the report of a storage commitment SCP. */
  async #request(contextId: number, command: CommandSet): Promise<void> {
    const { accepted, association, clock, reader, services } = this.#opened
    const context = this.contexts.find(({ id }) => id === contextId)
    const asked = readServiceCommand(command)
    if (services === undefined || context === undefined || asked === undefined) throw notAwaited(command)
    const means = {
      reader,
      clock,
      gathering: this.#gathering,
      discardMs: DEFAULT_LIMITS.discardMs,
      ...services,
    }
    const call = { association, contextId, context, command, asked }
    const answer = (await performRequest(call, means)) ?? { status: SERVICE_STATUS.UnrecognizedOperation }
    // A request of our own must not be interrupted while it is sent.
    await this.#pending?.sent
    const response = encodeServiceResponse(command, answer)
    await this.#write(encodeMessage(contextId, response, answer.dataSet, accepted.maxPduLength))
    if (this.#pending?.isSent === true) this.#awaitResponse()
  }

  #end(error: unknown): void {
    if (this.#over !== undefined) return
    this.#over = giveUp(this.#opened.connection, error, DEFAULT_LIMITS.lingerMs)
    this.#deadline.close()
    this.#opened.watchdog.close()
    this.#pending?.reject(this.#over)
  }
}

function notAwaited({ commandField }: CommandSet): BrokenOff {
  return violation(ABORT_BY_USER, `command field ${commandField.toString(16)}H, not the response awaited`)
}

export function calledOff(): BrokenOff {
  return new BrokenOff('ASSOCIATION_ABORTED', ABORT_BY_USER, 'the association was called off')
}

/** Rejects with the promise, and never resolves: a peer may answer before it has received a whole request. */
function untilRejected(promise: Promise<unknown>): Promise<never> {
  return promise.then(() => new Promise<never>(() => {}))
}
