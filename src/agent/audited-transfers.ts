import type { AuditTrail } from '../audit/audit-trail.ts'

interface AuditedTransfersOptions {
  readonly audit: Pick<AuditTrail, 'note'>
  /** Name of the center, and its address; before it is joined nothing is transferred. */
  readonly center: () => { readonly name: string; readonly url: string }
}

/** Records in the audit trail what went to the center, and what its receipts confirm. */
export class AuditedTransfers {
  readonly #options: AuditedTransfersOptions

  constructor(options: AuditedTransfersOptions) {
    this.#options = options
  }

  delivered(studyInstanceUid: string, instances: number): void {
    this.#note('studyDelivered', studyInstanceUid, instances)
  }

  confirmed(studyInstanceUid: string, instances: number): void {
    this.#note('studyConfirmed', studyInstanceUid, instances)
  }

  #note(action: 'studyDelivered' | 'studyConfirmed', studyInstanceUid: string, instances: number): void {
    if (instances === 0) return
    const { audit, center } = this.#options
    const { name, url } = center()
    const destination = { name, host: new URL(url).hostname }
    audit.note({ action, destination, studies: [{ studyInstanceUid, instances }] })
  }
}
