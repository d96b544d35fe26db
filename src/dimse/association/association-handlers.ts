import type {
  AssociationAnswer,
  AssociationEnd,
  AssociationRequest,
  StoreRequest,
  StoreSink,
} from './association.ts'
import type { ServiceAnswer, ServicePeer, ServiceRequest } from './service.ts'

/** Handlers of associations; this folder calls nothing else outside itself. */
export interface AssociationHandlers {
  /** Decides at once. An exception rejects the association as a transient fault. */
  answer(request: AssociationRequest): AssociationAnswer
  /**
   * Opens the sink of one instance. An exception is answered with "processing failure" after the data set has been
   * read.
   */
  store(request: StoreRequest): StoreSink
  /**
   * Answers N-ACTION, N-CREATE, N-SET and N-EVENT-REPORT; undefined means that the request is not served. An exception
   * is answered with "processing failure". The peer waits until the answer is given.
   */
  request?(request: ServiceRequest, peer: ServicePeer): Promise<ServiceAnswer> | undefined
  /** Called once for every accepted association. */
  ended?(association: AssociationRequest, end: AssociationEnd): void
}
