import type { Order, Patient } from '../../orders/order.ts'
import type { OrderMatch, OrderQuestion } from '../../orders/order-book.ts'
import type { PatientFacts } from './patient-facts.ts'

/** A file whose patient is known: from its facts alone, or by an order. */
export interface Owner {
  readonly patient: Patient
  readonly facts: PatientFacts
  readonly order?: Order
}

/** A closed set without patient data; the texts of the last ones are those of an order match. */
export type WaitingReason =
  | 'SIDECAR_MISSING'
  | 'SIDECAR_INVALID'
  | 'NAME_INVALID'
  | 'FACTS_CONTRADICT'
  | 'NO_ORDERS'
  | OrderReason
type OrderReason = Extract<OrderMatch, { why: unknown }>['why']

/** The part of the order book that is asked. */
export interface OrderSource {
  match(question: OrderQuestion): OrderMatch
}

/** The same, for a person who names an order. */
export interface ListedOrders extends OrderSource {
  list(): Order[]
}

interface Asked {
  /** From the sidecar, the name or a person. */
  readonly facts: PatientFacts
  readonly stationAeTitle: string
  readonly modality?: string
  /** Time of the last change of the file, in ms since 1970; undefined if no order may be chosen by device and time. */
  readonly at?: number
  readonly withoutOrder: 'hold' | 'send'
}

/**
 * Decides whose a file is. Facts of its own name the patient; an order completes them, and is demanded if `withoutOrder` is
 * `hold`. An order that contradicts the facts answers nothing, and nothing is guessed.
 */
export function whoseIsIt(asked: Asked, orders: OrderSource | undefined): Owner | WaitingReason {
  const { facts, withoutOrder } = asked
  const answer = orders?.match(questionOf(asked))
  if (answer?.found === 'one') return { patient: answer.order.patient, facts, order: answer.order }
  const why = answer?.why ?? 'NO_ORDERS'
  const { patientId } = facts
  if (patientId === undefined || withoutOrder === 'hold' || !UNKNOWN.has(why)) return why
  return { patient: patientOf(patientId, facts), facts }
}

/** The orders know nothing about it; any other reason says that they know something else. */
const UNKNOWN: ReadonlySet<WaitingReason> = new Set(['NO_ORDERS', 'ACCESSION_UNKNOWN', 'PATIENT_UNKNOWN'])

function questionOf({ facts, stationAeTitle, modality, at }: Asked): OrderQuestion {
  const { accessionNumber, patientId, issuer } = facts
  return {
    stationAeTitle,
    ...(at !== undefined && { at }),
    ...(accessionNumber !== undefined && { accessionNumber }),
    ...(patientId !== undefined && { patientId }),
    ...(issuer !== undefined && { issuer }),
    ...(modality !== undefined && { modality }),
  }
}

function patientOf(id: string, { patientName, issuer, birthDate, sex }: PatientFacts): Patient {
  return {
    id,
    name: patientName ?? '',
    ...(issuer !== undefined && { issuer }),
    ...(birthDate !== undefined && { birthDate }),
    ...(sex !== undefined && { sex }),
  }
}
