import { Failure } from '../../../platform/failure.ts'
import type { AssignRequest } from '../../../protocol/control-service.ts'
import type { Assignment } from './file-taker.ts'
import { factsFrom } from './patient-facts.ts'
import type { ListedOrders } from './whose-is-it.ts'

/**
 * Makes a person's word about a file out of the command: an order by its key, or facts. An accession number alone needs its
 * order; with a patient ID no order is needed. Throws USAGE and ORDER_UNKNOWN.
 */
export function assignmentFrom(request: AssignRequest, orders: ListedOrders | undefined): Assignment {
  const { order: named, facts: said } = request
  if (named !== undefined) {
    const order = orders?.list().find(({ source, key }) => `${source}/${key}` === named || key === named)
    if (order === undefined) throw new Failure('ORDER_UNKNOWN', 'assigning a file: no such order is known')
    return { owner: { patient: order.patient, order, facts: {} } }
  }
  const facts = factsFrom(said)
  if (facts === undefined) throw new Failure('USAGE', 'assigning a file: one of the values is not valid')
  if (facts.patientId !== undefined) return { facts, withoutOrder: 'send' }
  if (facts.accessionNumber === undefined)
    throw new Failure('USAGE', 'assigning a file: name an order, an accession number or a patient ID')
  const answer = orders?.match({ accessionNumber: facts.accessionNumber })
  if (answer?.found !== 'one')
    throw new Failure(
      'ORDER_UNKNOWN',
      `assigning a file: no order with this accession number (${answer?.why ?? 'NO_ORDERS'})`,
    )
  return { owner: { patient: answer.order.patient, order: answer.order, facts } }
}
