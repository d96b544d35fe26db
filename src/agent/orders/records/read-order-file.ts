import { Failure } from '../../../platform/failure.ts'
import { childOf, type OrderRecord } from './order-record.ts'
import { readCsv } from './read-csv.ts'
import { readXml } from './read-xml.ts'

export type OrderFileKind = 'json' | 'csv' | 'xml'

/** More in one answer is a query without a limit, not a list of orders. */
const MOST_RECORDS = 20_000

/**
 * Returns the records of a file or an answer. `place`: names joined by dots that lead to the list; without it, the list is
 * the whole, or the only list in it. Throws ORDERS_INVALID.
 */
export function readOrderFile(text: string, kind: OrderFileKind, place?: string): OrderRecord[] {
  const whole = kind === 'csv' ? readCsv(text) : kind === 'xml' ? readXml(text) : readJson(text)
  const found = place === undefined ? onlyList(whole) : place.split('.').reduce<unknown>(childOf, whole)
  if (found === undefined) throw invalid(`nothing is at ${place ?? 'the place of the list'}`)
  const records = Array.isArray(found) ? found : [found]
  if (records.length > MOST_RECORDS) throw invalid(`${records.length} records, at most ${MOST_RECORDS}`)
  if (!records.every(isRecord)) throw invalid('the list has entries that are not records')
  return records
}

/** Decodes strictly: a byte order mark counts, then UTF-8, then GB18030. Throws ORDERS_INVALID. */
export function readOrderText(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  for (const encoding of isUtf16 ? ['utf-16le'] : ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // The next one may fit.
    }
  }
  throw invalid('the text is neither UTF-8 nor GB18030')
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may name a patient.
    throw invalid('the text is not JSON')
  }
}

/** `{"code":0,"data":[…]}` has one list. A group without a list is one record, or has one group that is. */
function onlyList(whole: unknown): unknown {
  if (!isRecord(whole)) return whole
  const values = Object.values(whole)
  const lists = values.filter(Array.isArray)
  if (lists.length > 1) throw invalid('several lists: name the right one under records')
  const [group, ...others] = values
  return lists[0] ?? (isRecord(group) && others.length === 0 ? group : whole)
}

function isRecord(value: unknown): value is OrderRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const invalid = (found: string): Failure => new Failure('ORDERS_INVALID', `reading orders: ${found}`)
