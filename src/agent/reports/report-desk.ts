import { createHash } from 'node:crypto'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import type { ByteSource } from '../../media/byte-source.ts'
import { isWhole } from '../../media/recognize.ts'
import { Failure } from '../../platform/failure.ts'
import type { WrapFacts } from '../arrival/wrap/wrap-facts.ts'
import { wrapFile } from '../arrival/wrap/wrap-file.ts'
import type { WrappedInstance } from '../arrival/wrap/wrapped.ts'
import type { IntakeResult } from '../intake/intake.ts'
import type { OfferedInstance } from '../intake/take-instance.ts'
import type { Hl7Report } from '../orders/hl7/hl7-report.ts'
import type { Order, Patient } from '../orders/order.ts'
import type { OrderMatch } from '../orders/order-book.ts'
import { isUsable } from '../orders/patient-identity.ts'
import { readDate } from '../orders/records/read-moment.ts'
import { scheduledSpan } from '../orders/scheduled-span.ts'
import { reportCda } from './report-cda.ts'

interface ReportDeskOptions {
  readonly take: (offered: OfferedInstance, dataSet: AsyncIterable<Buffer>) => Promise<IntakeResult>
  /** False until the agent has joined a center. */
  readonly isJoined: () => boolean
  readonly uidSecret: Buffer
  readonly agentId: string
  readonly calledAeTitle: string
  readonly nowMs: () => number
}

/** The calling AE title of reports, in envelopes and in `ferry queue`. */
const CALLER = 'HL7-REPORT'

/** Takes reports in. A PDF is encapsulated as it is; a text without a PDF becomes a CDA document (docs/decisions). */
export class ReportDesk {
  readonly #options: ReportDeskOptions

  constructor(options: ReportDeskOptions) {
    this.#options = options
  }

  /**
   * Takes all documents of a report; resolves when each is safe. The same report again makes the same instances. Throws
   * REPORT_UNASSIGNED, NOT_ENROLLED, the failure of wrapping or of the intake.
   */
  async take(report: Hl7Report, match: OrderMatch, source: string): Promise<void> {
    if (!this.#options.isJoined())
      throw new Failure('NOT_ENROLLED', 'taking a report: this agent belongs to no center yet')
    const order = match.found === 'one' ? match.order : undefined
    if (match.found !== 'one' && match.why === 'ACCESSION_OF_OTHER_PATIENT')
      throw unassigned('the order of its accession number has another patient')
    const studyInstanceUid = studyOf(report, order)
    const patient = [order?.patient, report.patient].find((one) => one !== undefined && isUsable(one))
    if (patient === undefined) throw unassigned('neither it nor an order names the patient')
    const about = { report, order, patient, studyInstanceUid, source }
    const documents = report.pdfs.map((bytes) => ({ kind: 'pdf' as const, bytes }))
    if (documents.length === 0)
      return this.#offer('cda', reportCda(report, patient, studyInstanceUid, this.#options.uidSecret), about)
    for (const { kind, bytes } of documents) await this.#offer(kind, bytes, about)
  }

  async #offer(kind: 'pdf' | 'cda', bytes: Buffer, about: ReportFacts): Promise<void> {
    const source = sourceOf(bytes)
    const whole = await isWhole(source, kind)
    if (whole !== true)
      throw new Failure('MESSAGE_INVALID', `taking a report: its document is cut off: ${whole}`)
    const { instances } = await wrapFile(source, kind, this.#facts(bytes, about))
    for (const instance of instances) await this.#take(instance)
  }

  async #take(instance: WrappedInstance): Promise<void> {
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
    const { take, calledAeTitle } = this.#options
    const offered = { sopClassUid, sopInstanceUid, transferSyntaxUid, callingAeTitle: CALLER, calledAeTitle }
    const { status, failure } = await take(offered, instance.dataSet())
    if (status === STORAGE_STATUS.Success) return
    throw failure ?? new Failure('STORE_REFUSED', `taking a report: status ${status.toString(16)}`)
  }

  #facts(bytes: Buffer, { report, order, patient, studyInstanceUid, source }: ReportFacts): WrapFacts {
    const { uidSecret, agentId, nowMs } = this.#options
    const accessionNumber = report.accessionNumber || order?.accessionNumber
    const description = order?.description ?? report.title
    return {
      patient,
      study: {
        studyInstanceUid,
        date: readDate(order?.scheduledAt ?? '') ?? '',
        ...(accessionNumber && { accessionNumber }),
        ...(description && { description }),
        ...(order?.referringPhysician !== undefined && { referringPhysician: order.referringPhysician }),
      },
      series: { folder: source, description: 'Report' },
      handling: { as: 'secondary', orientation: 'send', lowerProfiles: 'hold' },
      sha256: createHash('sha256').update(bytes).digest('hex'),
      agentId,
      uidSecret,
      modifiedAt: (report.reportedAt && scheduledSpan(report.reportedAt)?.fromMs) || nowMs(),
    }
  }
}

interface ReportFacts {
  readonly report: Hl7Report
  readonly order: Order | undefined
  readonly patient: Patient
  readonly studyInstanceUid: string
  readonly source: string
}

/** The study of the message, or of its order; both must agree. */
function studyOf({ studyInstanceUid }: Hl7Report, order: Order | undefined): string {
  const ordered = order?.studyInstanceUid
  if (studyInstanceUid !== undefined && ordered !== undefined && studyInstanceUid !== ordered)
    throw unassigned('it names another study than the order of its accession number')
  const found = studyInstanceUid ?? ordered
  if (found === undefined) throw unassigned('neither it nor an order names the study')
  return found
}

const sourceOf = (bytes: Buffer): ByteSource => ({
  size: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
})

const unassigned = (found: string): Failure => new Failure('REPORT_UNASSIGNED', `taking a report: ${found}`)
