import { COMMITMENT_SOP_INSTANCE_UID, readCommitmentRequest } from '../../dicom/edit/commitment-data-set.ts'
import {
  SERVICE_STATUS,
  type ServiceAnswer,
  type ServicePeer,
  type ServiceRequest,
} from '../../dimse/association/service.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { Commitments } from '../queue/devices/commitments.ts'

interface CommitmentServiceOptions {
  readonly commitments: Commitments
  /**
   * Called after a request was recorded; `open` is the peer and transfer syntax for a report on the same association.
   */
  readonly recorded: (id: number, open: { peer: ServicePeer; transferSyntaxUid: string }) => void
  readonly storageFailed: (failure: Failure) => void
  readonly log: Log
}

/** Accepts requests for storage commitment: each is on the disk before it is answered, and its report follows later. */
export class CommitmentService {
  readonly #options: CommitmentServiceOptions

  constructor(options: CommitmentServiceOptions) {
    this.#options = options
  }

  /** Returns undefined for a request that is not N-ACTION. */
  request(request: ServiceRequest, peer: ServicePeer): Promise<ServiceAnswer> | undefined {
    return request.service === 'N-ACTION' ? Promise.resolve(this.#act(request, peer)) : undefined
  }

  #act(request: ServiceRequest, peer: ServicePeer): ServiceAnswer {
    const { sopInstanceUid, typeId, transferSyntaxUid, dataSet, association } = request
    const { callingAeTitle, calledAeTitle, peerAddress } = association
    if (sopInstanceUid !== COMMITMENT_SOP_INSTANCE_UID) return { status: SERVICE_STATUS.NoSuchSopInstance }
    if (typeId !== 1) return { status: SERVICE_STATUS.NoSuchActionType }
    try {
      const asked = readCommitmentRequest(dataSet ?? Buffer.alloc(0), transferSyntaxUid)
      const id = this.#options.commitments.record({ callingAeTitle, calledAeTitle, peerAddress, ...asked })
      if (id === undefined) return refusal('the transaction UID is in use for other instances')
      const { transactionUid, references } = asked
      const instances = references.length
      this.#options.log.info('storage commitment requested', { callingAeTitle, transactionUid, instances })
      this.#options.recorded(id, { peer, transferSyntaxUid })
      return { status: SERVICE_STATUS.Success }
    } catch (error) {
      return this.#refuse(failureFrom(error, 'INTERNAL', 'taking a request for storage commitment'), request)
    }
  }

  #refuse(failure: Failure, { association }: ServiceRequest): ServiceAnswer {
    const { code, message } = failure
    const { callingAeTitle } = association
    this.#options.log.warn('storage commitment refused', { callingAeTitle, code, reason: message })
    if (code === 'DATA_SET_UNREADABLE') return refusal(message.split(': ').slice(1).join(': '))
    if (code === 'DATABASE_ERROR' || code === 'STORAGE_FULL') this.#options.storageFailed(failure)
    return { status: SERVICE_STATUS.ProcessingFailure, errorComment: code }
  }
}

const refusal = (errorComment: string): ServiceAnswer => ({
  status: SERVICE_STATUS.InvalidArgumentValue,
  errorComment,
})
