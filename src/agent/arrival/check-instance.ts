import { DataSetCheck } from '../../dicom/check/check-data-set.ts'
import type { Finding } from '../../dicom/check/check-findings.ts'
import { CheckInflater } from '../../dicom/read/check-inflater.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { transferSyntax } from '../../dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../platform/failure.ts'

/**
 * Collects findings about an instance while its data set streams past to be sealed. Changes nothing and holds almost
 * nothing in memory; any input ends in findings.
 */
export class InstanceChecker {
  readonly #check: DataSetCheck
  readonly #inflater: CheckInflater | undefined

  constructor(transferSyntaxUid: string) {
    this.#check = new DataSetCheck(transferSyntaxUid)
    this.#inflater = transferSyntax(transferSyntaxUid).deflated
      ? new CheckInflater((inflated) => this.#check.push(inflated))
      : undefined
  }

  /**
   * Takes the next bytes as the device sent them. Returns a promise if the caller must wait, because the data set is
   * deflated.
   */
  push(chunk: Buffer): Promise<void> | undefined {
    if (this.#inflater !== undefined) return this.#inflater.push(chunk)
    this.#check.push(chunk)
    return undefined
  }

  /** Returns each finding at most once. */
  async finish(): Promise<Finding[]> {
    const end = await this.#inflater?.finish()
    const findings = this.#check.finish()
    if (end === undefined || end === 'whole') return findings
    const finding: Finding = end === 'cut' ? 'truncated' : 'unreadable'
    return Array.from(new Set<Finding>([finding, ...findings]))
  }

  /** Ends the check of an instance that did not arrive whole; its findings are not needed. */
  discard(): void {
    this.#inflater?.discard()
  }
}

/** 'accept': flagged and sent. 'hold': sealed, answered with Success, and not sent until a person releases it. */
type Consequence = 'accept' | 'hold' | 'refuse'

export type CheckPolicy = Readonly<Record<Finding, Consequence>>

/** Findings that mean that the data set lacks what its SOP class requires; the others mean that it cannot be read. */
const DOES_NOT_MATCH: ReadonlySet<Finding> = new Set([
  'sopClass',
  'uidMissing',
  'patientMissing',
  'pixelMissing',
])

type Verdict =
  | { consequence: 'accept' }
  | { consequence: 'hold'; failure: Failure }
  /** `status`: A900 if a required element is absent, otherwise C000 (PS3.4 §B.2.3). */
  | { consequence: 'refuse'; failure: Failure; status: number }

/** Returns the consequence for an instance with these findings: the strictest one that applies to any of them. */
export function judge(findings: readonly Finding[], policy: CheckPolicy): Verdict {
  const refused = findings.filter((finding) => policy[finding] === 'refuse')
  if (refused.length > 0) {
    const failure = new Failure('CHECK_REFUSED', `checking an instance: found ${refused.join(', ')}`)
    const isMatch = refused.some((finding) => !DOES_NOT_MATCH.has(finding))
    const { CannotUnderstand, DataSetDoesNotMatchSopClass } = STORAGE_STATUS
    return {
      consequence: 'refuse',
      failure,
      status: isMatch ? CannotUnderstand : DataSetDoesNotMatchSopClass,
    }
  }
  const held = findings.filter((finding) => policy[finding] === 'hold')
  if (held.length === 0) return { consequence: 'accept' }
  const failure = new Failure('CHECK_HELD', `checking an instance: found ${held.join(', ')}`)
  return { consequence: 'hold', failure }
}

/** Returns the policy for a device with strict reading: an incomplete or unreadable instance is refused. */
export function strictPolicy(policy: CheckPolicy): CheckPolicy {
  return {
    ...policy,
    transferSyntax: 'refuse',
    sopClass: 'refuse',
    unreadable: 'refuse',
    truncated: 'refuse',
    fragmentsEnd: 'refuse',
    framesMissing: 'refuse',
  }
}
