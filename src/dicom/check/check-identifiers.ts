import { INSTANCE_UIDS, TAG, type Tag } from '../vocabulary/tag.ts'
import { trimUid } from '../vocabulary/uid.ts'
import type { Finding } from './check-findings.ts'

const IDENTIFIERS: ReadonlySet<Tag> = new Set([...INSTANCE_UIDS, TAG.PatientName, TAG.PatientID])

/** Digits and dots, no component with a leading zero (PS3.5 §9.1). */
const STRICT_UID = /^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/
const UID_LIMIT_CHARACTERS = 64

/** Classes whose instances belong to no patient and no study (PS3.3 Table A.1-1, non-patient objects). */
const OF_NO_PATIENT: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.200.1', // CT Defined Procedure Protocol
  '1.2.840.10008.5.1.4.1.1.200.3', // Protocol Approval
  '1.2.840.10008.5.1.4.1.1.200.7', // XA Defined Procedure Protocol
  '1.2.840.10008.5.1.4.1.1.201.1', // Inventory
  '1.2.840.10008.5.1.4.38.1', // Hanging Protocol
  '1.2.840.10008.5.1.4.39.1', // Color Palette
  '1.2.840.10008.5.1.4.43.1', // Generic Implant Template
  '1.2.840.10008.5.1.4.44.1', // Implant Assembly Template
  '1.2.840.10008.5.1.4.45.1', // Implant Template Group
])

/** True for a SOP class whose instances belong to no patient. */
export const isOfNoPatient = (sopClassUid: string): boolean => OF_NO_PATIENT.has(sopClassUid)

/** Checks the elements that identify an instance and its patient. */
export class IdentifierCheck {
  readonly #found = new Map<Tag, string>()

  /** Returns true if the value of this element of the data set itself is needed. */
  wants(tag: Tag): boolean {
    return IDENTIFIERS.has(tag)
  }

  take(tag: Tag, value: Buffer): void {
    const text = trimUid(value.toString('latin1'))
    if (text !== '' && !this.#found.has(tag)) this.#found.set(tag, text)
  }

  findings(): Finding[] {
    const uids = INSTANCE_UIDS.map((tag) => this.#found.get(tag))
    const [sopClass = '', sopInstance] = uids
    const hasNoPatient = isOfNoPatient(sopClass)
    const needed = hasNoPatient ? [sopClass, sopInstance] : uids
    const findings: Finding[] = []
    if (needed.includes(undefined)) findings.push('uidMissing')
    if (uids.some((uid) => uid !== undefined && !isStrictUid(uid))) findings.push('uidSyntax')
    if (!hasNoPatient && !(this.#found.has(TAG.PatientName) && this.#found.has(TAG.PatientID)))
      findings.push('patientMissing')
    return findings
  }
}

function isStrictUid(text: string): boolean {
  return text.length <= UID_LIMIT_CHARACTERS && STRICT_UID.test(text)
}
