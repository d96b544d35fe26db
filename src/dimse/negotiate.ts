import { describe, Failure } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import {
  APPLICATION_CONTEXT_NAME,
  type CheckedAssociateRequest,
  checkAssociateRequest,
} from './associate-request.ts'
import type { AssociationAnswer, AssociationRequest } from './association.ts'
import type { AssociationHandlers } from './association-handlers.ts'
import { type AssociationRejection, REJECTION } from './association-rejection.ts'
import type { LibraryAcceptor } from './library-acceptor.ts'
import type { TlsPeer } from './tls-peer.ts'

/** What was agreed for one presentation context. */
export interface AgreedContext {
  readonly abstractSyntaxUid: string
  readonly transferSyntaxUid: string
}

/** Who is at the other end of a connection. */
export interface Peer {
  readonly address: string
  readonly port: number
  readonly tls?: TlsPeer
}

/** The PDU that answers an A-ASSOCIATE-RQ; with `contexts`, by ID, when it accepts. */
export interface Negotiated {
  readonly request: AssociationRequest
  /** The peer's limit for P-DATA-TF to it; 0 means none. */
  readonly peerMaxPduLength: number
  readonly pdu: Buffer
  readonly outcome:
    | {
        readonly accepted: true
        readonly contexts: ReadonlyMap<number, AgreedContext>
        /** The longest P-DATA-TF that was announced. */
        readonly maxPduLength: number
      }
    | { readonly accepted: false; readonly rejection: AssociationRejection; readonly reason: string }
}

export interface Negotiation {
  readonly peer: Peer
  readonly maxPduLength: number
  /** Whether one more association is within the limits; it then counts until {@link leave}. */
  readonly admit: () => boolean
  /** The association does not count any more. */
  readonly leave: () => void
  readonly handlers: AssociationHandlers
  readonly log: Log
}

/** Reads the body of an A-ASSOCIATE-RQ, has it decided, and writes the answer. */
export function negotiate(body: Buffer, library: LibraryAcceptor, negotiation: Negotiation): Negotiated {
  const checked = checkAssociateRequest(body)
  const request = describeRequest(checked, library, negotiation)
  const { peerMaxPduLength } = checked
  const answer = decide(checked, request, negotiation)
  if (!answer.accept) {
    negotiation.leave()
    const { rejection, reason = rejection.words } = answer
    const pdu = library.reject(rejection)
    return { request, peerMaxPduLength, pdu, outcome: { accepted: false, rejection, reason } }
  }
  const maxPduLength = answer.maxPduLength ?? negotiation.maxPduLength
  const pdu = library.accept(answer, maxPduLength)
  const contexts = agreedContexts(request, answer)
  return { request, peerMaxPduLength, pdu, outcome: { accepted: true, contexts, maxPduLength } }
}

function describeRequest(
  checked: CheckedAssociateRequest,
  library: LibraryAcceptor,
  { peer }: Negotiation,
): AssociationRequest {
  const { implementationClassUid, implementationVersionName } = checked
  return {
    ...library.request(checked.pdu),
    peerAddress: peer.address,
    peerPort: peer.port,
    ...(peer.tls === undefined ? {} : { tls: peer.tls }),
    ...(implementationClassUid === undefined ? {} : { implementationClassUid }),
    ...(implementationVersionName === undefined ? {} : { implementationVersionName }),
  }
}

function decide(
  checked: CheckedAssociateRequest,
  request: AssociationRequest,
  { admit, handlers, log }: Negotiation,
): AssociationAnswer {
  // bit 0 is version 1, the only one there is (PS3.8 §9.3.2)
  if ((checked.protocolVersion & 1) === 0) return reject(REJECTION.protocolVersionNotSupported)
  if (checked.applicationContextName !== APPLICATION_CONTEXT_NAME) {
    return reject(REJECTION.applicationContextNotSupported)
  }
  if (!admit()) return reject(REJECTION.localLimitExceeded)
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

function reject(rejection: AssociationRejection): AssociationAnswer {
  return { accept: false, rejection }
}
