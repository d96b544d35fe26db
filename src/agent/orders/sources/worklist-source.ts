import type { OrderSourceSettings } from '../../../config/order-settings.ts'
import {
  readWorklistAnswer,
  WORKLIST_SOP_CLASS_UID,
  type WorklistEntry,
  writeWorklistQuery,
} from '../../../dicom/edit/worklist-data-set.ts'
import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import { isUid } from '../../../dicom/vocabulary/uid.ts'
import type { ServiceAnswer } from '../../../dimse/association/service.ts'
import { openAssociation } from '../../../dimse/scu/open-association.ts'
import type { TlsProposal } from '../../../dimse/scu/open-socket.ts'
import type { RequestedAssociation } from '../../../dimse/scu/requested-association.ts'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, type FailureCode } from '../../../platform/failure.ts'
import { known } from '../known-values.ts'
import type { Order } from '../order.ts'
import { readDate, readTime } from '../records/read-moment.ts'
import { localDay } from './local-day.ts'
import type { PolledSource, SourceAnswer } from './order-source.ts'

/** More answers than this to one question are cut off by C-CANCEL. */
const MOST_ANSWERS = 500
const MOST_QUESTIONS = 64
const WHOLE_MS = 90_000
const TIMEOUTS = { connectMs: 10_000, associateMs: 15_000, responseMs: 30_000 }
/** PS3.7 §C: the peer has stopped because of our C-CANCEL. */
const CANCELLED = 0xfe00

type WorklistSettings = Extract<OrderSourceSettings, { kind: 'worklist' }>['worklist']

interface WorklistSourceOptions {
  readonly name: string
  readonly worklist: WorklistSettings
  readonly tls: () => TlsProposal | undefined
  readonly clock: Clock
}

/** A DICOM Modality Worklist, asked by C-FIND (PS3.4 annex K). */
export class WorklistSource implements PolledSource {
  readonly everyMs: number
  readonly #options: WorklistSourceOptions

  constructor(options: WorklistSourceOptions) {
    this.#options = options
    this.everyMs = options.worklist.everyMs
  }

  async ask(signal: AbortSignal): Promise<SourceAnswer> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(WHOLE_MS)])
    try {
      return await this.#ask(limit)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      throw new Failure(codeOf(error), `asking the worklist: ${error.message}`, { cause: error })
    }
  }

  async #ask(signal: AbortSignal): Promise<SourceAnswer> {
    const { worklist, tls, clock } = this.#options
    const { host, port, aeTitle, callingAeTitle } = worklist
    const { ImplicitVRLittleEndian, ExplicitVRLittleEndian } = TRANSFER_SYNTAX
    const secured = worklist.tls ? tls() : undefined
    await using association = await openAssociation(
      {
        host,
        port,
        callingAeTitle,
        calledAeTitle: aeTitle,
        contexts: [
          {
            abstractSyntaxUid: WORKLIST_SOP_CLASS_UID,
            transferSyntaxUids: [ExplicitVRLittleEndian, ImplicitVRLittleEndian],
          },
        ],
        clock,
        ...(secured && { tls: secured }),
        timeouts: TIMEOUTS,
      },
      signal,
    )
    const orders = new Map<string, Order>()
    const problems: string[] = []
    for (const question of this.#questions()) {
      const { found, problem } = await this.#find(association, question)
      for (const order of found) orders.set(order.key, order)
      if (problem !== undefined) problems.push(problem)
    }
    const [problem] = problems
    return { orders: Array.from(orders.values()), cancelled: [], ...(problem !== undefined && { problem }) }
  }

  /** A list of stations or modalities is not a matching key of every worklist, so each is asked for by itself. */
  #questions(): { stationAeTitle?: string; modality?: string }[] {
    const { stations, modalities } = this.#options.worklist
    const all = (stations.length === 0 ? [undefined] : stations).flatMap((stationAeTitle) =>
      (modalities.length === 0 ? [undefined] : modalities).map((modality) =>
        known({ stationAeTitle, modality }),
      ),
    )
    if (all.length <= MOST_QUESTIONS) return all
    throw new Failure(
      'ORDERS_INVALID',
      `${all.length} questions, at most ${MOST_QUESTIONS}: name fewer stations`,
    )
  }

  async #find(
    association: RequestedAssociation,
    question: { stationAeTitle?: string; modality?: string },
  ): Promise<{ found: Order[]; problem?: string }> {
    const { worklist, name, clock } = this.#options
    const syntax = association.contexts[0]?.transferSyntaxUid ?? TRANSFER_SYNTAX.ImplicitVRLittleEndian
    const [fromDate = '', toDate = ''] = [-worklist.daysBack, worklist.daysAhead].map((days) =>
      localDay(clock.now(), days).replaceAll('-', ''),
    )
    const query = { ...question, fromDate, toDate }
    const found: Order[] = []
    let answers = 0
    let unreadable = 0
    const final = await association.find(
      WORKLIST_SOP_CLASS_UID,
      writeWorklistQuery(query, syntax),
      (answer) => {
        if (++answers > MOST_ANSWERS) return false
        try {
          const entries = readWorklistAnswer(answer, syntax, worklist.characterSet)
          found.push(...entries.map((entry) => orderOf(name, entry)))
        } catch {
          unreadable++
        }
        return true
      },
    )
    refuseFailed(final)
    if (answers > MOST_ANSWERS)
      return {
        found,
        problem: `more than ${MOST_ANSWERS} orders to one question: name stations or modalities`,
      }
    return unreadable === 0 ? { found } : { found, problem: `${unreadable} answers are not readable` }
  }
}

function orderOf(source: string, entry: WorklistEntry): Order {
  const { accessionNumber, patientId, requestedProcedureId, stepId, studyInstanceUid } = entry
  const sex = (['M', 'F', 'O'] as const).find((one) => one === entry.sex.toUpperCase())
  const scheduledAt = readTime(`${entry.startDate} ${entry.startTime}`.trim()) ?? readTime(entry.startDate)
  return {
    source,
    key: [accessionNumber, requestedProcedureId, stepId, patientId].join('/'),
    patient: {
      name: entry.patientName.replace(/[\^=]+$/, ''),
      id: patientId,
      ...known({ issuer: entry.issuer, birthDate: readDate(entry.birthDate) }),
      ...(sex && { sex }),
    },
    ...known({
      accessionNumber,
      studyInstanceUid: isUid(studyInstanceUid) ? studyInstanceUid : undefined,
      requestedProcedureId,
      description: entry.requestedProcedureDescription || entry.stepDescription,
      modality: entry.modality,
      stationAeTitle: entry.stationAeTitle,
      scheduledAt,
      referringPhysician: entry.referringPhysician.replace(/[\^=]+$/, ''),
    }),
  }
}

/** PS3.4 §C.4.1.1.4 */
function refuseFailed({ status, errorComment }: ServiceAnswer): void {
  if (status === 0 || status === CANCELLED) return
  const code = status >>> 8 === 0xa7 ? 'ORDERS_UNREACHABLE' : 'ORDERS_REFUSED'
  const words = `C-FIND is answered with status ${status.toString(16).toUpperCase().padStart(4, '0')}`
  throw new Failure(code, errorComment === undefined ? words : `${words} (${errorComment})`)
}

function codeOf({ code }: Failure): FailureCode {
  if (code === 'ASSOCIATION_REJECTED' || code === 'STORE_REFUSED' || code === 'TLS_FAILED')
    return 'ORDERS_REFUSED'
  if (code === 'ASSOCIATION_FAILED' || code === 'ASSOCIATION_ABORTED' || code === 'PROTOCOL_VIOLATION')
    return 'ORDERS_UNREACHABLE'
  return code
}
