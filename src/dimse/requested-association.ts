import type { Clock } from '../platform/clock.ts'
import { Failure } from '../platform/failure.ts'
import type { StoreAnswer } from './association.ts'
import {
  encodeEchoRequest,
  encodeStoreRequest,
  isResponse,
  parseCommandSet,
  readCommandBytes,
} from './command-set.ts'
import type { Connection } from './connection.ts'
import { DEFAULT_LIMITS } from './dimse-limits.ts'
import { giveUp } from './give-up.ts'
import type { Accepted, AcceptedContext } from './library-requestor.ts'
import {
  ABORT_BY_PROVIDER,
  ABORT_BY_USER,
  BrokenOff,
  encodeCommand,
  encodePdu,
  PDU_TYPE,
  timedOut,
  violation,
} from './pdu.ts'
import { type ControlPdu, type Fragment, type PduReader, unexpectedPdu } from './pdu-reader.ts'
import { receiveDataSet } from './receive-data-set.ts'
import type { RequestorTimeouts } from './requestor-timeouts.ts'
import { fragmentLength, sendDataSet } from './send-data-set.ts'
import { Watchdog } from './watchdog.ts'

const VERIFICATION = '1.2.840.10008.1.1'

/** An instance to send; its data set goes out byte for byte, so it must be encoded in that transfer syntax. */
export interface OutgoingInstance {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Chunks of any size; each must stay unchanged after it was given. */
  readonly dataSet: AsyncIterable<Buffer>
}

/** What negotiation leaves behind. */
export interface OpenedAssociation {
  readonly connection: Connection
  readonly reader: PduReader
  /** Watches the peer while it sends. */
  readonly watchdog: Watchdog
  readonly clock: Clock
  readonly timeouts: RequestorTimeouts
  readonly accepted: Accepted
}

interface Pending extends PromiseWithResolvers<StoreAnswer> {
  readonly messageId: number
}

/**
 * An association that we asked for: one request at a time. Whatever happens to the connection, every call settles, with
 * ASSOCIATION_ABORTED or PROTOCOL_VIOLATION; afterwards every further call fails with the same.
 */
export class RequestedAssociation implements AsyncDisposable {
  readonly #opened: OpenedAssociation
  readonly #deadline: Watchdog
  readonly #received: Promise<void>
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

  /** Whether instances of the class can be stored in the transfer syntax. */
  accepts(sopClassUid: string, transferSyntaxUid: string): boolean {
    return this.#context(sopClassUid, transferSyntaxUid) !== undefined
  }

  /** C-ECHO; answers the status. */
  async echo(): Promise<number> {
    const context = this.#context(VERIFICATION)
    if (context === undefined) throw new Failure('STORE_REFUSED', 'the peer does not accept verification')
    const { status } = await this.#exchange((messageId) =>
      this.#write(encodeCommand(context.id, encodeEchoRequest(messageId, VERIFICATION))),
    )
    return status
  }

  /**
   * C-STORE; answers what the peer answered, a failure status too. STORE_REFUSED when the peer accepts no context for
   * it. When the data set's source fails, the association is aborted and the source's error thrown.
   */
  async store(instance: OutgoingInstance): Promise<StoreAnswer> {
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet } = instance
    const context = this.#context(sopClassUid, transferSyntaxUid)
    if (context === undefined) {
      throw new Failure('STORE_REFUSED', `the peer accepts no ${sopClassUid} in ${transferSyntaxUid}`)
    }
    const length = fragmentLength(this.#opened.accepted.maxPduLength)
    return this.#exchange((messageId) => {
      const command = encodeCommand(context.id, encodeStoreRequest(messageId, sopClassUid, sopInstanceUid))
      return sendDataSet((...parts) => this.#write(...parts), context.id, length, command, dataSet)
    })
  }

  /** Resolves when the association is over, also when the peer is not polite about it. */
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

  /** Ends the association at once; a request under way fails. */
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

  async #exchange(send: (messageId: number) => Promise<void>): Promise<StoreAnswer> {
    if (this.#over !== undefined) throw this.#over
    if (this.#pending !== undefined || this.#isReleasing) {
      throw new Failure('INTERNAL', 'a request while another one, or the release, is under way')
    }
    this.#messageId = (this.#messageId % 0xffff) + 1
    const pending: Pending = { messageId: this.#messageId, ...Promise.withResolvers<StoreAnswer>() }
    pending.promise.catch(() => {}) // the sending may fail first, and then nobody waits for the response
    this.#pending = pending
    try {
      await Promise.race([send(pending.messageId), untilRejected(pending.promise)])
      this.#deadline.set(this.#opened.timeouts.responseMs, 'a response')
      return await pending.promise
    } catch (error) {
      // half a message may have gone out: nothing else can follow it
      this.#end(this.#opened.connection.failure ?? calledOff())
      throw error
    } finally {
      this.#deadline.stop()
      this.#pending = undefined
    }
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
        await this.#response(next)
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
      // may be refused by nobody (PS3.8 §7.2.2); also our part of a release collision
      connection.write(encodePdu(PDU_TYPE.releaseResponse, Buffer.alloc(4))).catch(() => {})
      this.#end(new Failure('ASSOCIATION_ABORTED', 'the peer released the association'))
    } else throw unexpectedPdu(pduType, 'in an open association')
  }

  async #response(first: Fragment): Promise<void> {
    const { reader, clock } = this.#opened
    if (!first.isCommand) throw violation(ABORT_BY_PROVIDER.unexpectedPdu, 'a data set without a command')
    const command = parseCommandSet(await readCommandBytes(reader, first))
    if (command.hasDataSet) {
      await receiveDataSet(reader, first.contextId, undefined, clock, DEFAULT_LIMITS.discardMs)
    }
    const pending = this.#pending
    if (!isResponse(command) || command.messageIdBeingRespondedTo !== pending?.messageId || !pending) {
      throw violation(
        ABORT_BY_USER,
        `command field ${command.commandField.toString(16)}H, not the response awaited`,
      )
    }
    const { status, errorComment } = command
    if (status === undefined) throw violation(ABORT_BY_USER, 'a response without a status')
    pending.resolve({ status, ...(errorComment === undefined ? {} : { errorComment }) })
  }

  #end(error: unknown): void {
    if (this.#over !== undefined) return
    this.#over = giveUp(this.#opened.connection, error, DEFAULT_LIMITS.lingerMs)
    this.#deadline.close()
    this.#opened.watchdog.close()
    this.#pending?.reject(this.#over)
  }
}

export function calledOff(): BrokenOff {
  return new BrokenOff('ASSOCIATION_ABORTED', ABORT_BY_USER, 'the association was called off')
}

/** Rejects with the promise, and never resolves: a peer may answer before it has all of a request. */
function untilRejected(promise: Promise<unknown>): Promise<never> {
  return promise.then(() => new Promise<never>(() => {}))
}
