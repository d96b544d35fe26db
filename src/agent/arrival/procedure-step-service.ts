import { randomUUID } from 'node:crypto'
import {
  type ProcedureStepReport,
  type ProcedureStepState,
  readProcedureStep,
} from '../../dicom/edit/procedure-step-data-set.ts'
import { isUid } from '../../dicom/vocabulary/uid.ts'
import { SERVICE_STATUS, type ServiceAnswer, type ServiceRequest } from '../../dimse/association/service.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { ProcedureSteps } from '../queue/devices/procedure-steps.ts'

interface ProcedureStepServiceOptions {
  readonly steps: ProcedureSteps
  /** Called after a device has ended a step. */
  readonly ended: () => void
  readonly storageFailed: (failure: Failure) => void
  readonly log: Log
}

/**
 * Receives the reports of devices about their procedure steps (PS3.4 §F.7.2): each is on the disk before it is
 * answered.
 */
export class ProcedureStepService {
  readonly #options: ProcedureStepServiceOptions

  constructor(options: ProcedureStepServiceOptions) {
    this.#options = options
  }

  /** Returns undefined if the request is neither N-CREATE nor N-SET. */
  request(request: ServiceRequest): Promise<ServiceAnswer> | undefined {
    if (request.service !== 'N-CREATE' && request.service !== 'N-SET') return undefined
    return Promise.resolve(this.#answer(request))
  }

  #answer(request: ServiceRequest): ServiceAnswer {
    try {
      const said = readProcedureStep(request.dataSet ?? Buffer.alloc(0), request.transferSyntaxUid)
      return request.service === 'N-CREATE' ? this.#create(request, said) : this.#set(request, said)
    } catch (error) {
      return this.#refuse(failureFrom(error, 'INTERNAL', 'taking a performed procedure step'), request)
    }
  }

  #create({ sopInstanceUid, association }: ServiceRequest, said: ProcedureStepReport): ServiceAnswer {
    const { callingAeTitle } = association
    const uid = sopInstanceUid ?? newUid()
    if (!isUid(uid)) return { status: SERVICE_STATUS.InvalidSopInstance }
    const { state } = said
    if (state === undefined) return { status: SERVICE_STATUS.MissingAttribute, errorComment: NO_STATUS }
    if (state !== 'inProgress') return invalid('a new step is IN PROGRESS')
    if (!this.#options.steps.create(callingAeTitle, uid, { ...said, state }))
      return { status: SERVICE_STATUS.DuplicateSopInstance }
    this.#options.log.info('procedure step begun', { callingAeTitle, procedureStep: uid })
    return { status: SERVICE_STATUS.Success, ...(sopInstanceUid === undefined && { sopInstanceUid: uid }) }
  }

  #set({ sopInstanceUid = '', association }: ServiceRequest, said: ProcedureStepReport): ServiceAnswer {
    const { steps, log } = this.#options
    const { callingAeTitle } = association
    const before = steps.state(callingAeTitle, sopInstanceUid)
    if (before === undefined) return { status: SERVICE_STATUS.NoSuchSopInstance }
    if (before !== 'inProgress') return { status: SERVICE_STATUS.ProcessingFailure, errorComment: NO_LONGER }
    const { state } = said
    if (state === 'unknown') return invalid('IN PROGRESS, COMPLETED or DISCONTINUED is expected')
    steps.set(callingAeTitle, sopInstanceUid, { ...said, state })
    if (isFinal(state)) {
      log.info('procedure step ended', { callingAeTitle, procedureStep: sopInstanceUid, state })
      this.#options.ended()
    }
    return { status: SERVICE_STATUS.Success }
  }

  #refuse(failure: Failure, { association }: ServiceRequest): ServiceAnswer {
    const { code, message } = failure
    const { callingAeTitle } = association
    this.#options.log.warn('procedure step refused', { callingAeTitle, code, reason: message })
    if (code === 'DATA_SET_UNREADABLE') return invalid(message.split(': ').slice(1).join(': '))
    if (code === 'DATABASE_ERROR' || code === 'STORAGE_FULL') this.#options.storageFailed(failure)
    return { status: SERVICE_STATUS.ProcessingFailure, errorComment: code }
  }
}

const NO_STATUS = 'Performed Procedure Step Status is missing'
/** In the words of PS3.4 §F.7.2.2.2. */
const NO_LONGER = 'Performed Procedure Step Object may no longer be updated'

const isFinal = (state: ProcedureStepState | undefined): boolean =>
  state === 'completed' || state === 'discontinued'

const invalid = (errorComment: string): ServiceAnswer => ({
  status: SERVICE_STATUS.InvalidAttributeValue,
  errorComment,
})

/** Makes a UID if the device leaves the choice to us (PS3.5 §B.2). */
const newUid = (): string => `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`
