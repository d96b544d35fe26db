import type { Finding } from '../../dicom/check/check-findings.ts'
import { DisplayReader } from '../../dicom/find/display-attributes.ts'
import type { Failure } from '../../platform/failure.ts'
import { type CheckPolicy, InstanceChecker, judge } from '../arrival/check-instance.ts'
import type { DisplayRecords } from '../queue/display/display-records.ts'
import type { Observed } from '../queue/spool/sealed-instance.ts'

export interface ObservationOptions {
  readonly checking: CheckPolicy
  /** The device's real character set, if the configuration names it; for display, never for the copy that is sent. */
  readonly characterSet: string | undefined
}

/** A finding that the configuration refuses, and the status to answer (PS3.4 §B.2.3). */
export class RefusedByCheck extends Error {
  readonly failure: Failure
  readonly status: number
  readonly findings: readonly Finding[]

  constructor(failure: Failure, status: number, findings: readonly Finding[]) {
    super(failure.message)
    this.failure = failure
    this.status = status
    this.findings = findings
  }
}

/** Observes an instance as it streams past, as the device sent it: its findings, and its display attributes. */
export class InstanceObservation {
  readonly #options: ObservationOptions
  readonly #checker: InstanceChecker
  readonly #reader: DisplayReader

  constructor(transferSyntaxUid: string, options: ObservationOptions) {
    this.#options = options
    this.#checker = new InstanceChecker(transferSyntaxUid)
    this.#reader = new DisplayReader(transferSyntaxUid)
  }

  /** Returns a promise if the caller must wait. */
  push(chunk: Buffer): Promise<void> | undefined {
    this.#reader.push(chunk)
    return this.#checker.push(chunk)
  }

  /** Ends the observation of an instance that did not arrive whole. */
  discard(): void {
    this.#checker.discard()
  }

  /**
   * Returns the record for the index; throws {@link RefusedByCheck}. `seen`: findings that the data set alone does not
   * show.
   */
  async finish(seen: readonly Finding[] = []): Promise<Observed> {
    const findings = [...seen, ...(await this.#checker.finish())]
    const verdict = judge(findings, this.#options.checking)
    if (verdict.consequence === 'refuse') throw new RefusedByCheck(verdict.failure, verdict.status, findings)
    return { findings, ...(verdict.consequence === 'hold' && { hold: verdict.failure }) }
  }

  /** Returns the study's display record, sealed; only for a copy that keeps the patient's identity. */
  display(records: DisplayRecords, studyInstanceUid: string): Pick<Observed, 'display'> {
    const display = records.seal(studyInstanceUid, {
      fields: this.#reader.fields(),
      attributes: () => this.#reader.attributes(this.#options.characterSet),
    })
    return display === undefined ? {} : { display }
  }
}
