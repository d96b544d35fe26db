import { chooseTransferSyntax } from '../../dicom/choose-transfer-syntax.ts'
import { isStorageSopClass, VERIFICATION_SOP_CLASS_UID } from '../../dicom/sop-class.ts'
import type {
  AssociationAnswer,
  AssociationEnd,
  AssociationHandlers,
  AssociationRequest,
  ContextAnswer,
  ProposedContext,
  StoreRequest,
  StoreSink,
} from '../../dimse/association.ts'
import { type AssociationRejection, REJECTION } from '../../dimse/association-rejection.ts'
import type { Log } from '../../platform/log.ts'
import type { WatchPoints } from '../queue/watch-points.ts'
import type { DeviceList } from './device-list.ts'

export interface StorageServiceParts {
  devices: DeviceList
  /** Called AE titles that are answered; `*` among them = any. */
  aeTitles: readonly string[]
  /** Why nothing can be taken just now (no space, storage fault), in words; undefined = all is well. */
  storageTrouble: () => string | undefined
  /** Opens the way for one instance: from here to the queue. */
  takeInstance: (request: StoreRequest) => StoreSink
  watchPoints: WatchPoints
  log: Log
}

/**
 * C-ECHO and C-STORE as SCP: who is let in, and what is agreed with them. Refuses early, with a transient reason, while
 * nothing can be stored: many devices never send again what failed in the middle.
 */
export class StorageService implements AssociationHandlers {
  readonly #parts: StorageServiceParts

  constructor(parts: StorageServiceParts) {
    this.#parts = parts
  }

  answer(request: AssociationRequest): AssociationAnswer {
    const refusal = this.#refusal(request)
    this.#parts.watchPoints.sight(request, refusal?.why)
    const { callingAeTitle, calledAeTitle, peerAddress } = request
    if (refusal !== undefined) {
      this.#parts.log.warn('association rejected', {
        callingAeTitle,
        calledAeTitle,
        peerAddress,
        reason: refusal.why,
      })
      return { accept: false, rejection: refusal.rejection }
    }
    const presentationContexts = request.contexts.length
    this.#parts.log.debug('association accepted', {
      callingAeTitle,
      calledAeTitle,
      peerAddress,
      presentationContexts,
    })
    return {
      accept: true,
      contexts: new Map(request.contexts.map((context) => [context.id, answerContext(context)])),
    }
  }

  store(request: StoreRequest): StoreSink {
    return this.#parts.takeInstance(request)
  }

  ended({ callingAeTitle, peerAddress }: AssociationRequest, end: AssociationEnd): void {
    if (end.how === 'released') this.#parts.log.debug('association released', { callingAeTitle, peerAddress })
    else
      this.#parts.log.warn('association aborted', {
        callingAeTitle,
        peerAddress,
        reason: end.failure.message,
      })
  }

  #refusal(request: AssociationRequest): { rejection: AssociationRejection; why: string } | undefined {
    const { aeTitles, devices, storageTrouble } = this.#parts
    if (!aeTitles.includes('*') && !aeTitles.includes(request.calledAeTitle)) {
      const why = `it called ${request.calledAeTitle}, and this is ${aeTitles.join(', ')}`
      return { rejection: REJECTION.calledAeNotRecognized, why }
    }
    const admission = devices.admit(request.callingAeTitle, request.peerAddress)
    if (!admission.admitted) return { rejection: REJECTION.callingAeNotRecognized, why: admission.reason }
    const trouble = storageTrouble()
    if (trouble !== undefined) return { rejection: REJECTION.temporaryCongestion, why: trouble }
    return undefined
  }
}

/** Every storage SOP class, unknown and private ones too, in a transfer syntax that the device offered. */
function answerContext({ abstractSyntaxUid, transferSyntaxUids }: ProposedContext): ContextAnswer {
  const known = abstractSyntaxUid === VERIFICATION_SOP_CLASS_UID || isStorageSopClass(abstractSyntaxUid)
  if (!known) return { refused: 'abstract-syntax' }
  const transferSyntaxUid = chooseTransferSyntax(transferSyntaxUids)
  return transferSyntaxUid === undefined ? { refused: 'transfer-syntaxes' } : { transferSyntaxUid }
}
