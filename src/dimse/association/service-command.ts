import {
  announceDataSet,
  answerableMessageId,
  COMMAND_FIELD,
  type CommandSet,
  ELEMENT,
  encodeElements,
  padded,
  RESPONSE,
  uid,
  us,
} from '../wire/command-set.ts'
import { errorComment } from '../wire/wire-text.ts'
import type { OutgoingRequest, ServiceAnswer, ServiceName } from './service.ts'

interface Layout {
  readonly field: number
  readonly classElement: number
  readonly instanceElement: number
  readonly typeElement?: number
}

/** A request names the instance either as affected or as requested; responses always name the affected one. */
const AFFECTED = {
  classElement: ELEMENT.affectedSopClassUid,
  instanceElement: ELEMENT.affectedSopInstanceUid,
}
const REQUESTED = {
  classElement: ELEMENT.requestedSopClassUid,
  instanceElement: ELEMENT.requestedSopInstanceUid,
}

/** PS3.7 §10.3 */
const LAYOUTS: Readonly<Record<ServiceName, Layout>> = {
  'N-EVENT-REPORT': {
    field: COMMAND_FIELD.nEventReportRequest,
    ...AFFECTED,
    typeElement: ELEMENT.eventTypeId,
  },
  'N-SET': { field: COMMAND_FIELD.nSetRequest, ...REQUESTED },
  'N-ACTION': { field: COMMAND_FIELD.nActionRequest, ...REQUESTED, typeElement: ELEMENT.actionTypeId },
  'N-CREATE': { field: COMMAND_FIELD.nCreateRequest, ...AFFECTED },
}

const SERVICE_NAMES: ReadonlyMap<number, ServiceName> = new Map([
  [COMMAND_FIELD.nEventReportRequest, 'N-EVENT-REPORT'],
  [COMMAND_FIELD.nSetRequest, 'N-SET'],
  [COMMAND_FIELD.nActionRequest, 'N-ACTION'],
  [COMMAND_FIELD.nCreateRequest, 'N-CREATE'],
])

/** A request without its data set. */
export type ServiceCommand = Omit<OutgoingRequest, 'sopClassUid' | 'dataSet'> & {
  readonly sopClassUid: string | undefined
}

/** Returns the service that a command set asks for, if Ferry serves it. */
export function readServiceCommand(command: CommandSet): ServiceCommand | undefined {
  const service = SERVICE_NAMES.get(command.commandField)
  if (service === undefined) return undefined
  const isAffected = LAYOUTS[service].classElement === ELEMENT.affectedSopClassUid
  const sopInstanceUid = isAffected ? command.affectedSopInstanceUid : command.requestedSopInstanceUid
  const typeId = service === 'N-ACTION' ? command.actionTypeId : command.eventTypeId
  return {
    service,
    sopClassUid: isAffected ? command.affectedSopClassUid : command.requestedSopClassUid,
    ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
    ...(typeId === undefined || LAYOUTS[service].typeElement === undefined ? {} : { typeId }),
  }
}

/** Encodes the command set of a request. */
export function encodeServiceRequest(messageId: number, request: OutgoingRequest): Buffer {
  const { field, classElement, instanceElement, typeElement } = LAYOUTS[request.service]
  const { sopClassUid, sopInstanceUid, typeId, dataSet } = request
  return encodeElements([
    uid(classElement, sopClassUid),
    us(ELEMENT.commandField, field),
    us(ELEMENT.messageId, messageId),
    announceDataSet(dataSet !== undefined),
    ...(sopInstanceUid === undefined ? [] : [uid(instanceElement, sopInstanceUid)]),
    ...(typeElement === undefined || typeId === undefined ? [] : [us(typeElement, typeId)]),
  ])
}

/**
 * Encodes the command set of the response to `request`; the type is repeated if a data set follows (PS3.7 §10.3.1.2).
 */
export function encodeServiceResponse(request: CommandSet, answer: ServiceAnswer): Buffer {
  const asked = readServiceCommand(request)
  const instance = answer.sopInstanceUid ?? asked?.sopInstanceUid
  const typeElement = asked === undefined ? undefined : LAYOUTS[asked.service].typeElement
  return encodeElements([
    ...(asked?.sopClassUid === undefined ? [] : [uid(ELEMENT.affectedSopClassUid, asked.sopClassUid)]),
    us(ELEMENT.commandField, request.commandField | RESPONSE),
    us(ELEMENT.messageIdBeingRespondedTo, answerableMessageId(request)),
    announceDataSet(answer.dataSet !== undefined),
    us(ELEMENT.status, answer.status),
    ...(answer.errorComment === undefined
      ? []
      : [padded(ELEMENT.errorComment, errorComment(answer.errorComment), ' ')]),
    ...(instance === undefined ? [] : [uid(ELEMENT.affectedSopInstanceUid, instance)]),
    ...(typeElement === undefined || asked?.typeId === undefined ? [] : [us(typeElement, asked.typeId)]),
  ])
}
