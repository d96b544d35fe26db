import type {
  AssociationAnswer,
  AssociationEnd,
  AssociationRequest,
  StoreRequest,
  StoreSink,
} from './association.ts'
import type { ServiceAnswer, ServicePeer, ServiceRequest } from './service.ts'

/** Handlers of associations; the only calls that leave this folder. */
export interface AssociationHandlers {
  /** Decides at once. An exception rejects the association as a transient fault. */
  answer(request: AssociationRequest): AssociationAnswer
  /** An exception is answered with "processing failure", once the data set is past. */
  store(request: StoreRequest): StoreSink
  /**
   * Answers N-ACTION, N-CREATE, N-SET and N-EVENT-REPORT; undefined says that it is not served. An exception is answered
   * with "processing failure". The peer waits as long as it takes.
   */
  request?(request: ServiceRequest, peer: ServicePeer): Promise<ServiceAnswer> | undefined
  /** Called once for every accepted association. */
  ended?(association: AssociationRequest, end: AssociationEnd): void
}
