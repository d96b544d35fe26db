import { Failure } from '../../platform/failure.ts'
import type { ProposedContext } from '../association/association.ts'
import { describeRejection } from '../association/association-rejection.ts'
import { encodePdu, PDU_TYPE } from '../wire/pdu.ts'
import * as library from './library.ts'

export interface Proposal {
  readonly callingAeTitle: string
  readonly calledAeTitle: string
  readonly maxPduLength: number
  readonly contexts: readonly ProposedContext[]
  /** Replaces that of the whole program. */
  readonly implementationVersionName?: string
}

/** A context that the peer has accepted. */
export interface AcceptedContext {
  readonly id: number
  readonly abstractSyntaxUid: string
  readonly transferSyntaxUid: string
}

export interface Accepted {
  readonly contexts: readonly AcceptedContext[]
  /** The peer's limit for P-DATA-TF to it; 0 means none (PS3.8 §D.1.1). */
  readonly maxPduLength: number
}

/** The requestor's side of negotiation: A-ASSOCIATE-RQ out, A-ASSOCIATE-AC or -RJ in. */
export class LibraryRequestor {
  readonly #socket = new library.MemorySocket()
  readonly #network: InstanceType<ReturnType<typeof library.networkClass>>
  readonly #proposal: Proposal
  readonly #errors: unknown[] = []
  #isAccepted = false

  constructor(proposal: Proposal) {
    this.#proposal = proposal
    this.#network = new (library.networkClass())(this.#socket.asSocket())
    const internals = library.openInternals(this.#network)
    internals.on('networkError', (error) => this.#errors.push(error))
    internals.on('associationAccepted', () => {
      this.#isAccepted = true
    })
  }

  request(): Buffer {
    const { callingAeTitle, calledAeTitle, maxPduLength, contexts, implementationVersionName } =
      this.#proposal
    const association = new library.Association(callingAeTitle, calledAeTitle)
    association.setMaxPduLength(maxPduLength)
    if (implementationVersionName !== undefined)
      association.setImplementationVersion(implementationVersionName)
    for (const { id, abstractSyntaxUid, transferSyntaxUids, proposesScp } of contexts) {
      association.addPresentationContext(abstractSyntaxUid, id)
      for (const uid of transferSyntaxUids) association.addTransferSyntaxToPresentationContext(id, uid)
      if (proposesScp === true) proposeScp(association.getPresentationContext(id))
    }
    this.#network.sendAssociationRequest(association)
    return this.#socket.takeWritten()
  }

  /** Reads the body of the A-ASSOCIATE-AC. A context whose transfer syntax was not proposed counts as refused. */
  accepted(body: Buffer): Accepted {
    this.#socket.emit('data', encodePdu(PDU_TYPE.associateAccept, body))
    library.throwReported(this.#errors, 'A-ASSOCIATE-AC')
    const { association } = library.openInternals(this.#network)
    if (!this.#isAccepted || association === undefined)
      throw library.changed('an A-ASSOCIATE-AC was not understood')
    const contexts = this.#proposal.contexts.flatMap(({ id, abstractSyntaxUid, transferSyntaxUids }) => {
      const context = association.getPresentationContext(id)
      const transferSyntaxUid = context.getAcceptedTransferSyntaxUid()
      const isAccepted = context.getResult() === library.PresentationContextResult.Accept
      if (!isAccepted || transferSyntaxUid === undefined) return []
      return transferSyntaxUids.includes(transferSyntaxUid)
        ? [{ id, abstractSyntaxUid, transferSyntaxUid }]
        : []
    })
    return { contexts, maxPduLength: association.getMaxPduLength() }
  }
}

/** SCP alone (PS3.7 §D.3.3.4). */
function proposeScp(context: ReturnType<library.LibraryAssociation['getPresentationContext']>): void {
  context.setUserRole(false)
  context.setProviderRole(true)
}

/** Converts the body of an A-ASSOCIATE-RJ to a Failure (PS3.8 §9.3.4). */
export function rejected(body: Buffer): Failure {
  const words = describeRejection(body.readUInt8(1), body.readUInt8(2), body.readUInt8(3))
  return new Failure('ASSOCIATION_REJECTED', `requesting an association: the peer rejects it: ${words}`)
}
