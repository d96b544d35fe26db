import { describe, Failure } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import {
  APPLICATION_CONTEXT_NAME,
  type CheckedAssociateRequest,
  checkAssociateRequest,
} from './associate-request.ts'
import type { AssociationAnswer, AssociationHandlers, AssociationRequest } from './association.ts'
import { type AssociationRejection, REJECTION } from './association-rejection.ts'
import type { LibraryAcceptor } from './library-acceptor.ts'

/** What was agreed for one presentation context. */
export interface AgreedContext {
  readonly abstractSyntaxUid: string
  readonly transferSyntaxUid: string
}

/** The PDU that answers an A-ASSOCIATE-RQ; with `contexts`, by ID, when it accepts. */
export interface Negotiated {
  readonly request: AssociationRequest
  readonly pdu: Buffer
  readonly outcome:
    | { readonly accepted: true; readonly contexts: ReadonlyMap<number, AgreedContext> }
    | { readonly accepted: false; readonly rejection: AssociationRejection }
}

export interface Negotiation {
  readonly peer: { readonly address: string; readonly port: number }
  readonly maxPduLength: number
  /** Whether one more association is within the limits. */
  readonly admit: () => boolean
  readonly handlers: AssociationHandlers
  readonly log: Log
}

/** Reads the body of an A-ASSOCIATE-RQ, has it decided, and writes the answer. */
export function negotiate(body: Buffer, library: LibraryAcceptor, negotiation: Negotiation): Negotiated {
  const checked = checkAssociateRequest(body)
  const request = describeRequest(checked, library, negotiation)
  const answer = decide(checked, request, negotiation)
  if (!answer.accept) {
    const { rejection } = answer
    return { request, pdu: library.reject(rejection), outcome: { accepted: false, rejection } }
  }
  const pdu = library.accept(answer, negotiation.maxPduLength)
  return { request, pdu, outcome: { accepted: true, contexts: agreedContexts(request, answer) } }
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
