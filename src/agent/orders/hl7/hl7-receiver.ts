import { createHash } from 'node:crypto'
import { acknowledge } from '../../../hl7/acknowledgement.ts'
import { Hl7Message } from '../../../hl7/hl7-message.ts'
import type { Clock } from '../../../platform/clock.ts'
import { Failure, type FailureCode, failureFrom } from '../../../platform/failure.ts'
import type { KeptOrders, OrderChanges } from '../cache/kept-orders.ts'
import type { OrderMatch } from '../order-book.ts'
import type { Hl7Report } from './hl7-report.ts'
import { type MessageEffect, messageEffect } from './message-effect.ts'

/**
 * Takes a report in as an instance of its study; resolves when it is safe. `match`: the order of its accession number. Throws
 * REPORT_UNASSIGNED, or the failure of the intake.
 */
export type TakeReport = (report: Hl7Report, match: OrderMatch, source: string) => Promise<void>

/** The same message would always have the same answer. */
const NEVER: ReadonlySet<FailureCode> = new Set([
  'MESSAGE_INVALID',
  'DOCUMENT_ENCRYPTED',
  'DOCUMENT_FORM',
  'MEDIA_DAMAGED',
  'MEDIA_TOO_LARGE',
  'INSTANCE_TOO_LARGE',
  'CHECK_REFUSED',
])

interface Hl7ReceiverOptions {
  readonly name: string
  readonly known: KeptOrders
  readonly takeReport: TakeReport
  readonly clock: Clock
  /** Called after each message; undefined = it was taken. */
  readonly answered: (failure: Failure | undefined) => void
}

/**
 * Takes messages, one after the other, and answers them. AA only when the effect is on the disk, in the same commit as the
 * answer: the same message again, even after a crash, has the same answer and no second effect.
 */
export class Hl7Receiver {
  readonly #options: Hl7ReceiverOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: Hl7ReceiverOptions) {
    this.#options = options
  }

  /** Resolves to the acknowledgement; rejects with MESSAGE_INVALID if the message has no MSH that could be answered. */
  answer(bytes: Buffer): Promise<Buffer> {
    const answer = this.#last.then(() => this.#answer(bytes))
    this.#last = answer.catch(() => {})
    return answer
  }

  async #answer(bytes: Buffer): Promise<Buffer> {
    const { known, clock, answered } = this.#options
    let message: Hl7Message
    try {
      message = Hl7Message.read(bytes)
    } catch (error) {
      const failure = failureFrom(error, 'MESSAGE_INVALID', 'reading HL7')
      answered(failure)
      throw failure
    }
    const taken = this.#identity(message, bytes)
    const before = taken && known.answerTo(taken.id, taken.digest)
    if (before !== undefined) return before
    const answer = acknowledge(message, { code: 'AA' }, clock.now())
    try {
      await this.#take(messageEffect(this.#options.name, message), taken && { ...taken, answer })
      answered(undefined)
      return answer
    } catch (error) {
      const failure = failureFrom(error, 'INTERNAL', 'taking an HL7 message')
      answered(failure)
      const code = NEVER.has(failure.code) ? 'AR' : 'AE'
      return acknowledge(message, { code, text: failure.message }, clock.now())
    }
  }

  async #take(effect: MessageEffect, message: OrderChanges['message']): Promise<void> {
    const { name, known, takeReport } = this.#options
    const { orders, cancelled, merges, patient, reports } = effect
    const all = known.book.of(name)
    const remove = all.filter(({ key }) => cancelled.some((head) => key.startsWith(`${head}/`)))
    const updated =
      patient === undefined || patient.id === ''
        ? []
        : all.filter((order) => order.patient.id === patient.id).map((order) => ({ ...order, patient }))
    const isChange = orders.length + remove.length + merges.length + updated.length > 0
    if (isChange && !known.areKept)
      throw new Failure('ORDERS_NOT_KEPT', 'taking an order: there is no key to keep it under')
    for (const report of reports) {
      const { accessionNumber, patient: reported } = report
      const { id: patientId, issuer } = reported
      const question = { accessionNumber, patientId, ...(issuer !== undefined && { issuer }) }
      await takeReport(report, known.book.match(question), name)
    }
    known.take({ put: [...orders, ...updated], remove, merges, ...(message && { message }) })
  }

  /** Undefined if the sender gives its messages no control ID. A counter that begins again makes other messages. */
  #identity({ header, controlId }: Hl7Message, bytes: Buffer): { id: Buffer; digest: Buffer } | undefined {
    if (controlId === '') return undefined
    const id = createHash('sha256')
    for (const part of [this.#options.name, header.raw(3), header.raw(4), controlId]) id.update(`${part}\0`)
    return { id: id.digest(), digest: createHash('sha256').update(bytes).digest() }
  }
}
