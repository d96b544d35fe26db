import { Failure } from '../../../platform/failure.ts'
import type { Patient } from '../order.ts'
import { readTime } from '../records/read-moment.ts'
import { accessionOf, studyUidOf } from './hl7-orders.ts'
import type { OrderGroup } from './message-groups.ts'

/** A final report of one examination, as ORU^R01 brings it. */
export interface Hl7Report {
  readonly patient: Patient
  readonly accessionNumber: string
  readonly studyInstanceUid: string | undefined
  /** Whole PDF files. */
  readonly pdfs: readonly Buffer[]
  /** The lines of the text, without PDF or beside it. */
  readonly text: string
  readonly title: string
  /** ISO 8601, local unless it has a zone; undefined if the message has none. */
  readonly reportedAt: string | undefined
}

/** OBR-25 and OBX-11: final, corrected. */
const FINAL = new Set(['F', 'C'])
const TEXT_TYPES = new Set(['TX', 'FT', 'ST'])

/**
 * Reads the report of one group; undefined for one that is not final, or has neither a PDF nor a text. Throws
 * MESSAGE_INVALID for a document that cannot be decoded.
 */
export function reportOfGroup(patient: Patient, group: OrderGroup): Hl7Report | undefined {
  const { obr, obx } = group
  const status = obr?.value(25) ?? ''
  if (status !== '' && !FINAL.has(status)) return undefined
  const final = obx.filter((one) => one.value(11) === '' || FINAL.has(one.value(11)))
  const pdfs = final.filter((one) => one.value(2) === 'ED').map((one) => readPdf(one))
  const text = final
    .filter((one) => TEXT_TYPES.has(one.value(2)) && one.value(3) !== '110180')
    .flatMap((one) => one.repetitions(5).map((line) => one.unescape(line)))
    .join('\n')
    .trim()
  if (pdfs.length === 0 && text === '') return undefined
  return {
    patient,
    accessionNumber: accessionOf(group),
    studyInstanceUid: studyUidOf(group),
    pdfs,
    text,
    title: obr?.value(44, 2) || obr?.value(4, 2) || (obr?.value(4, 5) ?? ''),
    reportedAt: readTime(obr?.value(22) ?? '') || readTime(obr?.value(7) ?? '') || undefined,
  }
}

/** ED: source, type, subtype, encoding, data. */
function readPdf(obx: OrderGroup['obx'][number]): Buffer {
  const encoding = obx.value(5, 4).toUpperCase()
  if (encoding !== 'BASE64' && encoding !== '')
    throw new Failure(
      'MESSAGE_INVALID',
      `reading a report: its document is not in Base64 but ${encoding.slice(0, 16)}`,
    )
  const data = obx.value(5, 5).replace(/\s+/g, '')
  const bytes = Buffer.from(data, 'base64')
  if (bytes.subarray(0, 1024).includes('%PDF-')) return bytes
  throw new Failure('MESSAGE_INVALID', 'reading a report: its document is not a PDF')
}
