import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import type { AssociationAnswer, ContextAnswer, ProposedContext } from '../association/association.ts'
import type { AssociationRejection } from '../association/association-rejection.ts'
import type { CommandSet } from '../wire/command-set.ts'
import { COMMAND_FIELD, restate } from '../wire/command-set.ts'
import { encodeCommand, encodeDataHeader, PDV_LAST } from '../wire/pdu.ts'
import * as library from './library.ts'
import { ListeningScp } from './listening-scp.ts'

type LibraryContext = ReturnType<library.LibraryAssociation['getPresentationContexts']>[number]

/** The acceptor's side of negotiation and of small messages: PDUs in, PDUs out, without waiting. */
export class LibraryAcceptor {
  readonly #socket = new library.MemorySocket()
  readonly #scp: ListeningScp
  readonly #internals: library.NetworkInternals

  constructor() {
    this.#scp = new ListeningScp(this.#socket.asSocket())
    this.#internals = library.openInternals(this.#scp)
    this.#internals.on('networkError', (error) => this.#scp.errors.push(error))
  }

  /** Reads a checked A-ASSOCIATE-RQ. */
  request(pdu: Buffer): { callingAeTitle: string; calledAeTitle: string; contexts: ProposedContext[] } {
    this.#show(pdu)
    const association = this.#association()
    const scpClasses = this.#classesOf(({ context }) => context.getProviderRole())
    return {
      callingAeTitle: association.getCallingAeTitle(),
      calledAeTitle: association.getCalledAeTitle(),
      contexts: association.getPresentationContexts().map(({ id, context }) => ({
        id,
        abstractSyntaxUid: context.getAbstractSyntaxUid(),
        transferSyntaxUids: [...context.getTransferSyntaxUids()],
        ...(scpClasses.has(context.getAbstractSyntaxUid()) ? { proposesScp: true } : {}),
      })),
    }
  }

  /** Returns the A-ASSOCIATE-AC to the request read before. It never grants asynchronous operations. */
  accept(answer: Extract<AssociationAnswer, { accept: true }>, maxPduLength: number): Buffer {
    const association = this.#association()
    const scpClasses = this.#classesOf(({ id }) => acceptsScp(answer.contexts.get(id)))
    for (const { id, context } of association.getPresentationContexts()) {
      setResult(context, answer.contexts.get(id) ?? { refused: 'abstract-syntax' })
      if (context.getProviderRole()) context.setProviderRole(scpClasses.has(context.getAbstractSyntaxUid()))
    }
    association.setNegotiateAsyncOps(false)
    association.setMaxPduLength(maxPduLength)
    return this.#written(() => this.#scp.sendAssociationAccept())
  }

  reject({ result, source, reason }: AssociationRejection): Buffer {
    return this.#written(() => this.#scp.sendAssociationReject(result, source, reason))
  }

  releaseResponse(): Buffer {
    return this.#written(() => this.#scp.sendAssociationReleaseResponse())
  }

  /** Returns the response to any request but C-STORE: success to C-ECHO, "unrecognized operation" to the others. */
  respond(contextId: number, command: CommandSet, commandBytes: Buffer): Buffer {
    const respond = this.#hear(contextId, command, commandBytes)
    const isEcho = command.commandField === COMMAND_FIELD.cEchoRequest
    return this.#written(() =>
      respond(isEcho ? STORAGE_STATUS.Success : STORAGE_STATUS.UnrecognizedOperation),
    )
  }

  /** Roles belong to a SOP class: the library stores them with the first of its contexts (PS3.7 §D.3.3.4). */
  #classesOf(isMeant: (context: LibraryContext) => boolean): ReadonlySet<string> {
    const contexts = this.#association().getPresentationContexts().filter(isMeant)
    return new Set(contexts.map(({ context }) => context.getAbstractSyntaxUid()))
  }

  #association(): library.LibraryAssociation {
    const { association } = this.#internals
    if (association === undefined) throw library.changed('an A-ASSOCIATE-RQ was not understood')
    return association
  }

  #hear(contextId: number, command: CommandSet, commandBytes: Buffer): (status: number) => void {
    this.#internals.dimse = this.#internals.dimseStream = this.#internals.dimseStoreStream = undefined
    this.#scp.respond = undefined
    this.#show(encodeCommand(contextId, restate(commandBytes)))
    if (command.hasDataSet) this.#show(encodeDataHeader(contextId, PDV_LAST, 0))
    if (this.#scp.respond === undefined) throw library.changed('a request was not understood')
    return this.#scp.respond
  }

  #show(pdu: Buffer): void {
    this.#socket.emit('data', pdu)
    library.throwReported(this.#scp.errors, 'a PDU')
  }

  #written(call: () => void): Buffer {
    call()
    library.throwReported(this.#scp.errors, 'a PDU')
    const written = this.#socket.takeWritten()
    if (written.length === 0) throw library.changed('nothing was written')
    return written
  }
}

function acceptsScp(answer: ContextAnswer | undefined): boolean {
  return answer !== undefined && !('refused' in answer) && answer.acceptScp === true
}

function setResult(
  context: ReturnType<library.LibraryAssociation['getPresentationContext']>,
  answer: ContextAnswer,
): void {
  const { Accept, RejectAbstractSyntaxNotSupported, RejectTransferSyntaxesNotSupported } =
    library.PresentationContextResult
  if (!('refused' in answer)) return context.setResult(Accept, answer.transferSyntaxUid)
  context.setResult(
    answer.refused === 'abstract-syntax'
      ? RejectAbstractSyntaxNotSupported
      : RejectTransferSyntaxesNotSupported,
  )
}
