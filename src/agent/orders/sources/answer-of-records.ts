import { setImmediate } from 'node:timers/promises'
import type { RecordForm } from '../../../config/order-settings.ts'
import { type OrderRecord, type ReadRecord, readOrderRecord } from '../records/order-record.ts'
import type { SourceAnswer } from './order-source.ts'

/** More would make a turn of the event loop long. */
const RECORDS_A_TURN = 500

/** Reads the records of one list; `where` names it in the problem, without patient data. */
export async function answerOfRecords(
  source: string,
  records: readonly OrderRecord[],
  form: RecordForm,
  where: string,
): Promise<SourceAnswer> {
  const read: ReadRecord[] = []
  for (let at = 0; at < records.length; at += RECORDS_A_TURN) {
    const part = records.slice(at, at + RECORDS_A_TURN)
    read.push(...part.map((record) => readOrderRecord(source, record, form)))
    await setImmediate()
  }
  const faults = read.flatMap((one, i) => ('invalid' in one ? [`record ${i + 1}: ${one.invalid}`] : []))
  const orders = read.flatMap((one) => ('order' in one && !one.isCancelled ? [one.order] : []))
  const cancelled = read.flatMap((one) => ('order' in one && one.isCancelled ? [one.order] : []))
  const [first] = faults
  const more = faults.length > 1 ? `, and ${faults.length - 1} more` : ''
  return { orders, cancelled, ...(first !== undefined && { problem: `${where}: ${first}${more}` }) }
}
