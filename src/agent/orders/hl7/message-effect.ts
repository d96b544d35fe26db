import type { Hl7Message } from '../../../hl7/hl7-message.ts'
import { Failure } from '../../../platform/failure.ts'
import type { Order, Patient, PatientMerge } from '../order.ts'
import { ordersOfGroup } from './hl7-orders.ts'
import { hl7Patient } from './hl7-patient.ts'
import { type Hl7Report, reportOfGroup } from './hl7-report.ts'
import { groupsOf } from './message-groups.ts'

/** The meaning of a message for Ferry. */
export interface MessageEffect {
  readonly orders: readonly Order[]
  /** Heads of the keys of orders that are cancelled. */
  readonly cancelled: readonly string[]
  readonly merges: readonly PatientMerge[]
  /** New values for the patient of earlier orders. */
  readonly patient: Patient | undefined
  readonly reports: readonly Hl7Report[]
}

const NOTHING: MessageEffect = { orders: [], cancelled: [], merges: [], patient: undefined, reports: [] }

const ORDERS = new Set(['ORM^O01', 'OMI^O23', 'OMG^O19'])
const MERGES = new Set(['ADT^A40', 'ADT^A34'])
const UPDATES = new Set(['ADT^A08', 'ADT^A31'])

/**
 * Returns what a message changes; nothing for other events of ADT, which feeds contain. Throws MESSAGE_INVALID for types that
 * Ferry does not take, and for messages without what their type needs.
 */
export function messageEffect(source: string, message: Hl7Message): MessageEffect {
  const { type } = message
  if (ORDERS.has(type)) return orderEffect(source, message)
  if (type === 'ORU^R01') return reportEffect(message)
  if (MERGES.has(type)) return { ...NOTHING, merges: mergesOf(message) }
  if (UPDATES.has(type)) return { ...NOTHING, patient: patientOf(message) }
  if (message.header.value(9, 1) === 'ADT') return NOTHING
  throw invalid(
    `messages of type ${/^[A-Z0-9]{1,5}\^[A-Z0-9]{0,5}$/.test(type) ? type : 'unknown'} are not taken`,
  )
}

function orderEffect(source: string, message: Hl7Message): MessageEffect {
  const patient = patientOf(message)
  const groups = groupsOf(message).map((group) => ordersOfGroup(source, message, patient, group))
  if (groups.length === 0) throw invalid('an order without ORC and OBR')
  for (const { orders, head } of groups) {
    if (head === '') throw invalid('an order without a number (ORC-2, ORC-3, OBR-18)')
    if (orders.some((order) => order.accessionNumber === undefined) && patient.id === '')
      throw invalid('an order without an accession number (OBR-18, IPC-1) and without a patient ID (PID-3)')
  }
  return {
    ...NOTHING,
    orders: groups.filter(({ isCancelled }) => !isCancelled).flatMap(({ orders }) => orders),
    cancelled: groups.filter(({ isCancelled }) => isCancelled).map(({ head }) => head),
  }
}

function reportEffect(message: Hl7Message): MessageEffect {
  const patient = patientOf(message)
  const groups = groupsOf(message)
  if (groups.length === 0) throw invalid('a report without OBR')
  return { ...NOTHING, reports: groups.flatMap((group) => reportOfGroup(patient, group) ?? []) }
}

/** Each PID is followed by the MRG of the ID that it replaces. */
function mergesOf(message: Hl7Message): PatientMerge[] {
  const merges: PatientMerge[] = []
  let patient: Patient | undefined
  for (const segment of message.segments) {
    if (segment.name === 'PID') patient = hl7Patient(segment)
    if (segment.name !== 'MRG') continue
    const [formerId, formerIssuer] = [segment.value(1, 1).trim(), segment.value(1, 4).trim()]
    if (patient === undefined || patient.id === '' || formerId === '')
      throw invalid('a merge without both patient IDs')
    merges.push({ formerId, ...(formerIssuer !== '' && { formerIssuer }), patient })
  }
  if (merges.length === 0) throw invalid('a merge without MRG')
  return merges
}

function patientOf(message: Hl7Message): Patient {
  const pid = message.first('PID')
  if (pid === undefined) throw invalid('the message has no PID')
  return hl7Patient(pid)
}

const invalid = (found: string): Failure => new Failure('MESSAGE_INVALID', `reading HL7: ${found}`)
