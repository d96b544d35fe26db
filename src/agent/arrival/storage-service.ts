import { COMMITMENT_SOP_CLASS_UID } from '../../dicom/edit/commitment-data-set.ts'
import { PROCEDURE_STEP_SOP_CLASS_UID } from '../../dicom/edit/procedure-step-data-set.ts'
import { ECHO_VERSION_NAME, IMPLEMENTATION_CLASS_UID } from '../../dicom/read/part10.ts'
import { chooseTransferSyntax } from '../../dicom/vocabulary/choose-transfer-syntax.ts'
import { isStorageSopClass, VERIFICATION_SOP_CLASS_UID } from '../../dicom/vocabulary/sop-class.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../dicom/vocabulary/transfer-syntax.ts'
import type {
  AssociationAnswer,
  AssociationEnd,
  AssociationRequest,
  ContextAnswer,
  ProposedContext,
  StoreRequest,
  StoreSink,
} from '../../dimse/association/association.ts'
import type { AssociationHandlers } from '../../dimse/association/association-handlers.ts'
import { REJECTION } from '../../dimse/association/association-rejection.ts'
import type { ServiceAnswer, ServicePeer, ServiceRequest } from '../../dimse/association/service.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { CommitmentService } from './commitment-service.ts'
import { CountedSink } from './counted-sink.ts'
import type { CallerRefusal, Device, DeviceList } from './device-list.ts'
import type { DeviceWatch } from './device-watch.ts'
import type { ProcedureStepService } from './procedure-step-service.ts'
import type { StorageGate } from './storage-gate.ts'

/** Takes instances from here to the queue. */
export interface InstanceDesk {
  /** Opens the way for one instance. `device`: the sender, if it is listed. */
  open(request: StoreRequest, device: Device | undefined): StoreSink
}

interface StorageServiceOptions {
  devices: DeviceList
  watch: DeviceWatch
  commitment: CommitmentService
  procedureSteps: ProcedureStepService
  storage: StorageGate
  intake: InstanceDesk
  /** False until there is a center's key to seal to. */
  isJoined: () => boolean
  log: Log
}

/**
 * C-ECHO, C-STORE, storage commitment and MPPS as SCP: decides about callers and their presentation contexts. Refuses
 * early, with a transient reason, while nothing can be stored: many devices never resend an instance that failed in the
 * middle. Before the agent has joined a center, it answers C-ECHO and takes no instance: an association for storage alone
 * is rejected with a transient reason (PS3.8 Table 9-21), and on one that also proposes verification each C-STORE is
 * answered A700 (PS3.4 Table B.2-1, out of resources).
 */
export class StorageService implements AssociationHandlers {
  readonly #options: StorageServiceOptions
  /** Associations on which nothing was agreed: how they end says less than that. */
  readonly #useless = new WeakSet<AssociationRequest>()

  constructor(options: StorageServiceOptions) {
    this.#options = options
  }

  answer(request: AssociationRequest): AssociationAnswer {
    if (isOwnEcho(request)) return this.#answerOwnEcho(request)
    const admission = this.#options.devices.admit(request)
    const stated = admission.admitted ? (this.#noRoom() ?? this.#notJoined(request)) : admission.refusal
    const refusal = this.#sight(request, stated) ?? stated
    if (refusal !== undefined) return { accept: false, rejection: refusal.rejection, reason: refusal.reason }
    const { pduBytes } = admission.device?.quirks ?? {}
    const answers = request.contexts.map((context) => answerContext(context, admission.device))
    if (answers.every((answer) => 'refused' in answer)) {
      this.#useless.add(request)
      this.#options.watch.troubled(request, { kind: 'nothing', detail: '' })
    }
    return {
      accept: true,
      contexts: new Map(request.contexts.map(({ id }, i) => [id, answers[i] ?? REFUSED])),
      ...(pduBytes !== undefined && { maxPduLength: pduBytes }),
    }
  }

  /** Ferry's own echo is not a call of a device and is not recorded. Its answer is that for a listed device. */
  #answerOwnEcho({ calledAeTitle, contexts }: AssociationRequest): AssociationAnswer {
    const refusal = this.#options.devices.refuseCalled(calledAeTitle) ?? this.#noRoom()
    if (refusal !== undefined) return { accept: false, rejection: refusal.rejection, reason: refusal.reason }
    return { accept: true, contexts: new Map(contexts.map((one) => [one.id, answerContext(one, undefined)])) }
  }

  store(request: StoreRequest): StoreSink {
    const { devices, intake, watch, isJoined, log } = this.#options
    const { association } = request
    if (isJoined()) return new CountedSink(request, intake.open(request, devices.find(association)), watch)
    const { callingAeTitle } = association
    log.warn('instance turned away for now', { callingAeTitle, code: 'NOT_ENROLLED', reason: NOT_JOINED })
    return new CountedSink(request, NOT_JOINED_YET, watch)
  }

  request(request: ServiceRequest, peer: ServicePeer): Promise<ServiceAnswer> | undefined {
    const { commitment, procedureSteps } = this.#options
    if (request.sopClassUid === COMMITMENT_SOP_CLASS_UID) return commitment.request(request, peer)
    if (request.sopClassUid === PROCEDURE_STEP_SOP_CLASS_UID) return procedureSteps.request(request)
    return undefined
  }

  ended(request: AssociationRequest, end: AssociationEnd): void {
    const { watch } = this.#options
    const { callingAeTitle, peerAddress } = request
    watch.flush()
    if (isOwnEcho(request) || this.#useless.has(request)) return
    if (end.how === 'aborted')
      watch.troubled({ callingAeTitle, peerAddress }, { kind: 'aborted', detail: end.failure.message })
  }

  /** Recording the caller shows early if the index cannot be written: then no instance could be recorded either. */
  #sight(request: AssociationRequest, refusal: CallerRefusal | undefined): CallerRefusal | undefined {
    try {
      this.#options.watch.called(request, refusal)
      return undefined
    } catch (error) {
      const failure = failureFrom(error, 'DATABASE_ERROR', 'writing down who calls')
      this.#options.storage.failed(failure)
      return noStorage(failure.message)
    }
  }

  #notJoined({ contexts }: AssociationRequest): CallerRefusal | undefined {
    if (this.#options.isJoined() || contexts.some(isVerification)) return undefined
    const reason = NOT_JOINED
    return { kind: 'unjoined', detail: '', reason, rejection: REJECTION.temporaryCongestion }
  }

  #noRoom(): CallerRefusal | undefined {
    const trouble = this.#options.storage.trouble()
    return trouble === undefined ? undefined : noStorage(trouble)
  }
}

/**
 * Recognizes `ferry echo` on this machine: an association with its implementation name, from an address of this
 * machine, for verification alone. The address cannot be forged over TCP, and nothing can be stored on such an
 * association under any AE title.
 */
const isOwnEcho = ({ contexts, ...request }: AssociationRequest): boolean =>
  request.isFromThisMachine === true &&
  request.implementationClassUid === IMPLEMENTATION_CLASS_UID &&
  request.implementationVersionName === ECHO_VERSION_NAME &&
  contexts.length > 0 &&
  contexts.every(isVerification)

const isVerification = ({ abstractSyntaxUid }: ProposedContext): boolean =>
  abstractSyntaxUid === VERIFICATION_SOP_CLASS_UID

const NOT_JOINED = 'this agent has joined no center yet'

/** Reads a data set to its end and stores nothing. */
const NOT_JOINED_YET: StoreSink = {
  push: () => undefined,
  finish: () => Promise.resolve({ status: STORAGE_STATUS.OutOfResources, errorComment: 'NOT_ENROLLED' }),
  discard: () => {},
}

const noStorage = (reason: string): CallerRefusal => ({
  kind: 'storage',
  detail: reason,
  reason,
  rejection: REJECTION.temporaryCongestion,
})

const REFUSED: ContextAnswer = { refused: 'abstract-syntax' }

/** Transfer syntaxes for requests other than C-STORE. */
const UNCOMPRESSED: readonly string[] = [
  TRANSFER_SYNTAX.ImplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRBigEndian,
]

/**
 * Accepts every storage SOP class, unknown and private ones too, in a transfer syntax that the device proposed; storage
 * commitment; and MPPS from a device that is configured for it. A device that means to report to a RIS must not believe
 * that it has done so.
 */
function answerContext(
  { abstractSyntaxUid, transferSyntaxUids }: ProposedContext,
  device: Device | undefined,
): ContextAnswer {
  const isService =
    abstractSyntaxUid === COMMITMENT_SOP_CLASS_UID ||
    (abstractSyntaxUid === PROCEDURE_STEP_SOP_CLASS_UID && device?.procedureSteps === true)
  if (isService) {
    const transferSyntaxUid = transferSyntaxUids.find((uid) => UNCOMPRESSED.includes(uid))
    return transferSyntaxUid === undefined ? { refused: 'transfer-syntaxes' } : { transferSyntaxUid }
  }
  const known = abstractSyntaxUid === VERIFICATION_SOP_CLASS_UID || isStorageSopClass(abstractSyntaxUid)
  if (!known) return REFUSED
  const transferSyntaxUid = chooseTransferSyntax(transferSyntaxUids, device?.quirks?.transferSyntaxes)
  return transferSyntaxUid === undefined ? { refused: 'transfer-syntaxes' } : { transferSyntaxUid }
}
