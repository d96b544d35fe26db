import { describe, Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import {
  APPLICATION_CONTEXT_NAME,
  type CheckedAssociateRequest,
  checkAssociateRequest,
} from '../association/associate-request.ts'
import type { AssociationAnswer, AssociationRequest } from '../association/association.ts'
import type { AssociationHandlers } from '../association/association-handlers.ts'
import { type AssociationRejection, REJECTION } from '../association/association-rejection.ts'
import type { BrokenContext } from '../association/proposed-contexts.ts'
import { requestTitles } from '../association/request-titles.ts'
import type { TlsPeer } from '../association/tls-peer.ts'
import type { LibraryAcceptor } from '../dcmjs/library-acceptor.ts'

/** The agreed presentation context. */
export interface AgreedContext {
  readonly abstractSyntaxUid: string
  readonly transferSyntaxUid: string
}

/** The other end of a connection. */
export interface Peer {
  readonly address: string
  readonly port: number
  /** True if it has an address of this machine. */
  readonly isThisMachine?: boolean
  readonly tls?: TlsPeer
}

/** The PDU that answers an A-ASSOCIATE-RQ; with `contexts`, by ID, if it accepts. */
export interface Negotiated {
  readonly request: AssociationRequest
  /** The peer's limit for P-DATA-TF to it; 0 means none. */
  readonly peerMaxPduLength: number
  readonly pdu: Buffer
  /** Contexts that break PS3.8 and are refused alone, by ID. */
  readonly brokenContexts: ReadonlyMap<number, BrokenContext>
  readonly outcome:
    | {
        readonly accepted: true
        readonly contexts: ReadonlyMap<number, AgreedContext>
        /** The longest P-DATA-TF that was announced. */
        readonly maxPduLength: number
      }
    | {
        readonly accepted: false
        readonly rejection: AssociationRejection
        readonly reason: string
        /** Undefined if the handlers decided. */
        readonly trouble?: Unanswerable
      }
}

/** A request that is rejected before the handlers see it. */
type Unanswerable = 'request' | 'limit'

interface Negotiation {
  readonly peer: Peer
  readonly maxPduLength: number
  /** Returns true if one more association is within the limits; it then counts until {@link leave}. */
  readonly admit: () => boolean
  /** Called when the association no longer counts. */
  readonly leave: () => void
  readonly handlers: AssociationHandlers
  readonly log: Log
}

/** Reads the body of an A-ASSOCIATE-RQ, asks the handlers for a decision, and encodes the answer. */
export function negotiate(body: Buffer, library: LibraryAcceptor, negotiation: Negotiation): Negotiated {
  const checked = checkAssociateRequest(body)
  const request = describeRequest(checked, library, negotiation)
  const { peerMaxPduLength, brokenContexts } = checked
  const described = { request, peerMaxPduLength, brokenContexts }
  const answer = decide(checked, request, negotiation)
  if (!answer.accept) {
    negotiation.leave()
    const { rejection, reason = rejection.words, trouble } = answer
    const outcome = { accepted: false, rejection, reason, ...(trouble && { trouble }) } as const
    return { ...described, pdu: library.reject(rejection), outcome }
  }
  const maxPduLength = answer.maxPduLength ?? negotiation.maxPduLength
  const all = { ...answer, contexts: new Map([...answer.contexts, ...brokenContexts]) }
  const pdu = library.accept(all, maxPduLength)
  const contexts = agreedContexts(request, answer)
  return { ...described, pdu, outcome: { accepted: true, contexts, maxPduLength } }
}

function describeRequest(
  checked: CheckedAssociateRequest,
  library: LibraryAcceptor,
  { peer }: Negotiation,
): AssociationRequest {
  const { implementationClassUid, implementationVersionName, brokenContexts } = checked
  const { callingAeTitle = '', calledAeTitle = '' } = requestTitles(checked.pdu)
  const { contexts } = library.request(checked.pdu)
  return {
    callingAeTitle,
    calledAeTitle,
    contexts: contexts.filter(({ id }) => !brokenContexts.has(id)),
    peerAddress: peer.address,
    peerPort: peer.port,
    ...(peer.isThisMachine === true ? { isFromThisMachine: true } : {}),
    ...(peer.tls === undefined ? {} : { tls: peer.tls }),
    ...(implementationClassUid === undefined ? {} : { implementationClassUid }),
    ...(implementationVersionName === undefined ? {} : { implementationVersionName }),
  }
}

function decide(
  checked: CheckedAssociateRequest,
  request: AssociationRequest,
  { admit, handlers, log }: Negotiation,
): AssociationAnswer & { readonly trouble?: Unanswerable } {
  // bit 0 means version 1, the only version (PS3.8 §9.3.2)
  if ((checked.protocolVersion & 1) === 0)
    return reject(
      REJECTION.protocolVersionNotSupported,
      `its protocol version is ${checked.protocolVersion}, and there is only version 1 (PS3.8 §9.3.2)`,
      'request',
    )
  if (checked.applicationContextName !== APPLICATION_CONTEXT_NAME)
    return reject(
      REJECTION.applicationContextNotSupported,
      'its application context is not that of DICOM (PS3.7 §A.2.1)',
      'request',
    )
  if (!admit())
    return reject(REJECTION.localLimitExceeded, 'too many associations are open, in all or from it', 'limit')
  try {
    const answer = handlers.answer(request)
    if (answer.accept) agreedContexts(request, answer)
    return answer
  } catch (error) {
    log.error('deciding about an association failed', { reason: describe(error) })
    return reject(REJECTION.temporaryFault)
  }
}

function agreedContexts(
  { contexts }: AssociationRequest,
  answer: Extract<AssociationAnswer, { accept: true }>,
): ReadonlyMap<number, AgreedContext> {
  const agreed = new Map<number, AgreedContext>()
  for (const { id, abstractSyntaxUid, transferSyntaxUids } of contexts) {
    const one = answer.contexts.get(id)
    if (one === undefined || 'refused' in one) continue
    if (!transferSyntaxUids.includes(one.transferSyntaxUid)) {
      throw new Failure('INTERNAL', `accepting context ${id} with a transfer syntax that was not proposed`)
    }
    agreed.set(id, { abstractSyntaxUid, transferSyntaxUid: one.transferSyntaxUid })
  }
  return agreed
}

function reject(
  rejection: AssociationRejection,
  reason?: string,
  trouble?: Unanswerable,
): AssociationAnswer & { readonly trouble?: Unanswerable } {
  return { accept: false, rejection, ...(reason && { reason }), ...(trouble && { trouble }) }
}
