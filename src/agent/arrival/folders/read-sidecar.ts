import { Failure } from '../../../platform/failure.ts'
import { readOrderFile, readOrderText } from '../../orders/records/read-order-file.ts'
import { factsFrom, type PatientFacts } from './patient-facts.ts'

export type SidecarForm = 'json' | 'csv' | 'xml'

/** A sidecar holds a few short texts. */
export const LONGEST_SIDECAR_BYTES = 64 * 1024

/**
 * Reads the file beside a file that names its patient: see docs/folders.md. It has the form of a list of orders with one
 * record. Returns undefined if it is not whole, or if it cannot be believed.
 */
export function readSidecar(bytes: Buffer, form: SidecarForm): PatientFacts | undefined {
  try {
    const text = readOrderText(bytes)
    // A line that is still written has no end; JSON and XML show it by their structure.
    if (form === 'csv' && !/[\r\n]$/.test(text)) return undefined
    const [record, ...others] = readOrderFile(text, form)
    if (record === undefined || others.length > 0) return undefined
    return factsFrom(Object.fromEntries(Object.entries(record).flatMap(textOf)))
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** An ID is often written as a number. A list or a group is passed on as text that no value can have. */
function textOf([key, value]: [string, unknown]): [string, string][] {
  if (value === null || typeof value === 'boolean') return []
  return [[key, typeof value === 'string' || typeof value === 'number' ? String(value) : '\uFFFD']]
}
