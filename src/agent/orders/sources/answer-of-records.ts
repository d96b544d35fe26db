import type { RecordForm } from '../../../config/order-settings.ts'
import { type OrderRecord, readOrderRecord } from '../records/order-record.ts'
import type { SourceAnswer } from './order-source.ts'

/** Reads the records of one list; `where` names it in the problem, without patient data. */
export function answerOfRecords(
  source: string,
  records: readonly OrderRecord[],
  form: RecordForm,
  where: string,
): SourceAnswer {
  const read = records.map((record) => readOrderRecord(source, record, form))
  const faults = read.flatMap((one, i) => ('invalid' in one ? [`record ${i + 1}: ${one.invalid}`] : []))
  const orders = read.flatMap((one) => ('order' in one && !one.isCancelled ? [one.order] : []))
  const cancelled = read.flatMap((one) => ('order' in one && one.isCancelled ? [one.order] : []))
  const [first] = faults
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : ''
  return { orders, cancelled, ...(first !== undefined && { problem: `${where}: ${first}${more}` }) }
}
