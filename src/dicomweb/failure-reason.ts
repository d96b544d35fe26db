/**
 * The meaning of a failure reason of STOW-RS (PS3.18 Table I.2-2, and reasons that servers document) for the next step.
 * 'never': the PACS refuses this instance, and a person must act. 'there': the PACS says that it has the instance.
 * 'soon': the PACS is still busy with this instance. 'later': time can cure it. 'perhaps': a failure without a cause,
 * which may be gone at the next attempt.
 */
interface FailureReason {
  readonly meaning: string
  readonly remedy: 'never' | 'there' | 'soon' | 'later' | 'perhaps'
}

export function failureReason(code: number | undefined): FailureReason {
  if (code === undefined)
    return { meaning: 'the PACS refused it and gave no failure reason', remedy: 'perhaps' }
  const [meaning, remedy] = CODES.get(code) ?? meaningOf(code)
  return { meaning: `the PACS refused it: ${meaning} (${hexOf(code)})`, remedy }
}

/** A warning reason (PS3.18 Table I.2-1) in words. */
export function warningWords(code: number): string {
  const words: Readonly<Record<number, string>> = {
    0xb000: 'it changed data elements',
    0xb006: 'it discarded data elements',
    0xb007: 'the data set does not match its SOP class',
  }
  return `${words[code] ?? 'a warning that is not known here'} (${hexOf(code)})`
}

type Meaning = readonly [string, FailureReason['remedy']]

/** Statuses of PS3.7 Annex C and PS3.18, and those of Azure's DICOM service: A901, B00E, B00F. */
const CODES: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [0x0105, ['no such attribute', 'never']],
  [0x0106, ['invalid attribute value', 'never']],
  [0x0110, ['processing failure', 'perhaps']],
  [0x0111, ['it has this SOP instance already', 'there']],
  [0x0112, ['SOP class not supported', 'never']],
  [0x0117, ['invalid SOP instance', 'never']],
  [0x0118, ['SOP class not supported', 'never']],
  [0x0119, ['its SOP class and SOP instance do not belong together', 'never']],
  [0x0120, ['an attribute is missing', 'never']],
  [0x0121, ['an attribute has no value', 'never']],
  [0x0122, ['SOP class not supported', 'never']],
  [0x0124, ['not authorized', 'never']],
  [0x0210, ['duplicate invocation', 'later']],
  [0x0213, ['out of resources', 'later']],
  [0xa901, ['its Study Instance UID is not the one of the request', 'never']],
  [0xb00e, ['it has this SOP instance already', 'there']],
  [0xb00f, ['it is still storing this SOP instance', 'soon']],
  [0xc122, ['transfer syntax not supported', 'never']],
])

function meaningOf(code: number): Meaning {
  // Codes of the C-STORE family are ranges (PS3.4 Table B.2-1).
  if ((code & 0xff00) === 0xa700) return ['out of resources', 'later']
  if ((code & 0xff00) === 0xa900) return ['the data set does not match its SOP class', 'never']
  if ((code & 0xf000) === 0xc000) return ['cannot understand', 'never']
  // A warning in the list of failures is contradictory: only the copy can show whether it was stored.
  if ((code & 0xf000) === 0xb000) return [`it gave a warning as the failure reason`, 'there']
  return ['no reason that is known here', 'perhaps']
}

const hexOf = (code: number): string => code.toString(16).toUpperCase().padStart(4, '0')
