import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { AssociationRequest } from '../association/association.ts'
import type { AssociationHandlers } from '../association/association-handlers.ts'
import { receiveDataSet } from '../association/receive-data-set.ts'
import type { ServicePeer } from '../association/service.ts'
import { encodeServiceResponse, readServiceCommand } from '../association/service-command.ts'
import type { LibraryAcceptor } from '../dcmjs/library-acceptor.ts'
import {
  answerableMessageId,
  COMMAND_FIELD,
  type CommandSet,
  encodeStoreResponse,
  parseCommandSet,
  readCommandBytes,
} from '../wire/command-set.ts'
import { encodeMessage } from '../wire/encode-message.ts'
import type { GatheringLimits } from '../wire/gathered-data-set.ts'
import { ABORT_BY_PROVIDER, encodeCommand, violation } from '../wire/pdu.ts'
import type { Fragment, PduReader } from '../wire/pdu-reader.ts'
import type { AgreedContext } from './negotiate.ts'
import type { OwnRequests } from './own-requests.ts'
import { performRequest, type RequestCall } from './perform-request.ts'
import { performStore } from './store-service.ts'

/** The result of negotiation. */
export interface Agreed {
  readonly association: AssociationRequest
  readonly contexts: ReadonlyMap<number, AgreedContext>
  /** The peer's limit for P-DATA-TF to it; 0 means none. */
  readonly peerMaxPduLength: number
}

interface ServingOptions {
  readonly reader: PduReader
  readonly library: LibraryAcceptor
  readonly handlers: AssociationHandlers
  readonly own: OwnRequests
  readonly gathering: GatheringLimits
  readonly clock: Clock
  readonly log: Log
  readonly discardMs: number
  readonly send: (bytes: Buffer) => Promise<void>
}

/** The DIMSE messages of one association that a peer has opened: each is received whole and answered. */
export class ServedMessages {
  readonly #agreed: Agreed
  readonly #options: ServingOptions

  constructor(agreed: Agreed, options: ServingOptions) {
    this.#agreed = agreed
    this.#options = options
  }

  /** Serves the message that begins with `first`; throws a Failure that ends the association. */
  async perform(first: Fragment): Promise<void> {
    const { contextId } = first
    const { association, contexts } = this.#agreed
    const context = contexts.get(contextId)
    if (context === undefined) {
      throw violation(ABORT_BY_PROVIDER.invalidPduParameter, `a message on context ${contextId}`)
    }
    if (!first.isCommand) throw violation(ABORT_BY_PROVIDER.unexpectedPdu, 'a data set without a command')
    const bytes = await readCommandBytes(this.#options.reader, first)
    const command = parseCommandSet(bytes)
    if (command.commandField === COMMAND_FIELD.cCancelRequest) return this.#passOver(contextId, command)
    if (this.#options.own.awaits(contextId, command)) return this.#takeAnswer(contextId, command)
    const messageId = answerableMessageId(command)
    const call = { association, contextId, context, command }
    if (command.commandField === COMMAND_FIELD.cStoreRequest) {
      const answer = await performStore({ ...call, messageId }, this.#options)
      return this.#options.send(encodeCommand(contextId, encodeStoreResponse(command, answer)))
    }
    const asked = readServiceCommand(command)
    if (asked === undefined || this.#options.handlers.request === undefined) {
      return this.#respond(contextId, command, bytes)
    }
    await this.#request({ ...call, asked }, bytes)
  }

  /**
   * Skips C-CANCEL: no operation of Ferry can be cancelled, and C-CANCEL has no response and, by the standard, no data
   * set (PS3.7 §9.3.2.3).
   */
  async #passOver(contextId: number, command: CommandSet): Promise<void> {
    if (command.hasDataSet) await this.#discardDataSet(contextId)
  }

  async #takeAnswer(contextId: number, command: CommandSet): Promise<void> {
    if (command.hasDataSet) await this.#discardDataSet(contextId)
    this.#options.own.answered(command)
  }

  async #request(call: RequestCall, bytes: Buffer): Promise<void> {
    const { contextId, command } = call
    const { handlers, library, own, send } = this.#options
    const peer = servicePeer(contextId, own)
    const answer = await performRequest(call, {
      ...this.#options,
      handler: (request) => handlers.request?.(request, peer),
    })
    if (answer === undefined) return send(library.respond(contextId, command, bytes))
    const response = encodeServiceResponse(command, answer)
    await send(encodeMessage(contextId, response, answer.dataSet, this.#agreed.peerMaxPduLength))
  }

  async #respond(contextId: number, command: CommandSet, bytes: Buffer): Promise<void> {
    if (command.hasDataSet) await this.#discardDataSet(contextId)
    await this.#options.send(this.#options.library.respond(contextId, command, bytes))
  }

  #discardDataSet(contextId: number): Promise<void> {
    const { reader, clock, discardMs } = this.#options
    return receiveDataSet(reader, contextId, undefined, clock, discardMs)
  }
}

function servicePeer(contextId: number, own: OwnRequests): ServicePeer {
  return {
    get canBeTold() {
      return own.isOpen
    },
    report: (event) => own.perform(contextId, { service: 'N-EVENT-REPORT', ...event }),
  }
}
