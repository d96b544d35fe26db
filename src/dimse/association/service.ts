import type { AssociationRequest } from './association.ts'

/** The services for normalized SOP instances that Ferry takes part in (PS3.7 §10). */
export type ServiceName = 'N-EVENT-REPORT' | 'N-ACTION' | 'N-CREATE' | 'N-SET'

/** A request to a peer. */
export interface OutgoingRequest {
  readonly service: ServiceName
  readonly sopClassUid: string
  /** N-CREATE may leave the choice to the peer. */
  readonly sopInstanceUid?: string
  /** The Event or Action Type ID. */
  readonly typeId?: number
  /** Encoded in the transfer syntax of the presentation context. */
  readonly dataSet?: Buffer
}

/** A request from a peer, with its whole data set. UIDs are the peer's, padding removed and otherwise unchecked. */
export interface ServiceRequest extends OutgoingRequest {
  /** The data set is encoded in it, and the answer's data set must be. */
  readonly transferSyntaxUid: string
  readonly association: AssociationRequest
}

/** The answer to a request, given or received. */
export interface ServiceAnswer {
  /** PS3.7 Annex C, see {@link SERVICE_STATUS}, or a status of the service. */
  readonly status: number
  /** Plain ASCII, at most 64 characters (LO), no patient data. Longer text is cut. */
  readonly errorComment?: string
  /** UID of an instance that N-CREATE left to the performer. */
  readonly sopInstanceUid?: string
  readonly dataSet?: Buffer
}

/** The peer of a request, for as long as its association is open. */
export interface ServicePeer {
  /** False as soon as a report can no longer be sent on this association. */
  readonly canBeTold: boolean
  /**
   * Sends N-EVENT-REPORT on the association and presentation context of the request, as soon as the peer is owed no
   * answer. One at a time. Fails with ASSOCIATION_ABORTED if the association ends before the answer, or the answer is
   * late: the report may have arrived nevertheless.
   */
  report(event: OutgoingEvent): Promise<ServiceAnswer>
}

export type OutgoingEvent = Omit<OutgoingRequest, 'service'>

/**
 * Answers a request; undefined means that it is not served, and the peer is told so. An exception is answered with
 * "processing failure". The peer waits until the answer is given.
 */
export type ServiceHandler = (request: ServiceRequest) => Promise<ServiceAnswer> | undefined

/** Statuses that any DIMSE-N service may answer (PS3.7 Annex C). */
export const SERVICE_STATUS = {
  Success: 0x0000,
  InvalidAttributeValue: 0x0106,
  ProcessingFailure: 0x0110,
  DuplicateSopInstance: 0x0111,
  NoSuchSopInstance: 0x0112,
  NoSuchEventType: 0x0113,
  InvalidArgumentValue: 0x0115,
  InvalidSopInstance: 0x0117,
  NoSuchSopClass: 0x0118,
  MissingAttribute: 0x0120,
  MissingAttributeValue: 0x0121,
  NoSuchActionType: 0x0123,
  NotAuthorized: 0x0124,
  UnrecognizedOperation: 0x0211,
  MistypedArgument: 0x0212,
  ResourceLimitation: 0x0213,
} as const
