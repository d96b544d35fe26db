import type { Failure } from '../platform/failure.ts'
import type { AuditedTransfers } from './audited-transfers.ts'
import type { SinceStart } from './control/since-start.ts'
import type { Dispatcher, DispatcherHints } from './send/dispatcher.ts'
import type { PacsHints } from './settle/pacs-watch.ts'
import type { AuditHints, ReceiptAudit } from './settle/receipt-audit.ts'
import type { CommitmentReports } from './settle/report-commitment.ts'
import type { Settlement, SettlementHints } from './settle/settlement.ts'

/** The stages after the queue that hint at work for one another. */
interface Stages {
  readonly dispatcher: Dispatcher
  readonly settlement: Settlement
  readonly audit: ReceiptAudit
  readonly reports: CommitmentReports
}

/**
 * Wakes the next stage when one has left work in the tables that they share. The stages know each other by these hints
 * alone. A hint may be lost: every stage looks at its tables from time to time.
 */
export class StageHints implements DispatcherHints, SettlementHints, AuditHints, PacsHints {
  readonly #sinceStart: SinceStart
  readonly #transfers: AuditedTransfers
  #stages: Stages | undefined

  constructor(sinceStart: SinceStart, transfers: AuditedTransfers) {
    this.#sinceStart = sinceStart
    this.#transfers = transfers
  }

  /** Hints before this are lost. */
  connect(stages: Stages): void {
    this.#stages = stages
  }

  delivered(studyInstanceUid: string, instances: number): void {
    this.#transfers.delivered(studyInstanceUid, instances)
    this.#sinceStart.packDelivered(instances)
    this.#stages?.settlement.wake()
  }

  requeued(): void {
    this.#stages?.dispatcher.wake()
  }

  confirmed(studyInstanceUid: string, instances: number): void {
    this.#transfers.confirmed(studyInstanceUid, instances)
    this.#sinceStart.receiptBelieved()
    this.#stages?.reports.wake()
  }

  unchained(): void {
    this.#stages?.audit.wake()
  }

  offered(): void {
    this.#stages?.settlement.wake()
  }

  outdated(): void {
    this.#stages?.settlement.wake()
  }

  inTrouble(failure: Failure): void {
    this.#stages?.dispatcher.foundInTrouble(failure)
  }
}
