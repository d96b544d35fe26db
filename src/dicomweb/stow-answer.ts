import { Failure } from '../platform/failure.ts'

/** What became of one instance; `reason` is the server's failure reason (0008,1197). */
export type StowOutcome = { readonly stored: true } | { readonly stored: false; readonly reason: number }

/**
 * What a STOW-RS server said. 'answered': of each instance by its SOP Instance UID; one that is not there was not
 * mentioned. 'refused': the request as a whole, perhaps because of one of its instances (PACS_REFUSED, or
 * PACS_UNREACHABLE where the server failed over it). 'unavailable': nothing can be stored there now.
 */
export type StowAnswer =
  | { readonly kind: 'answered'; readonly outcomes: ReadonlyMap<string, StowOutcome> }
  | { readonly kind: 'refused' | 'unavailable'; readonly failure: Failure }

/** Attributes of the Store Instances Response Module (PS3.18 Table I.1-1), as DICOM JSON names them. */
const ATTRIBUTE = {
  FailedSOPSequence: '00081198',
  ReferencedSOPSequence: '00081199',
  ReferencedSOPInstanceUID: '00081155',
  FailureReason: '00081197',
} as const

/** Nobody stores anything there until something changes. */
const UNAVAILABLE: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 429, 502, 503, 504])

/**
 * Reads a response to STOW-RS (PS3.18 §10.5.3). 200 means that all was stored, 202 that some was, 409 that nothing was; a
 * response module says more precisely what. Failures name the status, never the body: that may hold a patient's name.
 */
export function readStowAnswer(status: number, body: string, sopInstanceUids: readonly string[]): StowAnswer {
  const outcomes = [200, 202, 409].includes(status) ? readOutcomes(body) : undefined
  if (outcomes !== undefined) return { kind: 'answered', outcomes }
  if (status === 200) {
    return { kind: 'answered', outcomes: new Map(sopInstanceUids.map((uid) => [uid, { stored: true }])) }
  }
  const code = status >= 500 || status === 408 || status === 429 ? 'PACS_UNREACHABLE' : 'PACS_REFUSED'
  const failure = new Failure(code, `storing by STOW-RS: the PACS answered ${status}`)
  return { kind: UNAVAILABLE.has(status) ? 'unavailable' : 'refused', failure }
}

/** Undefined where the body is not a response module in DICOM JSON (PS3.18 §F.2) that names an instance. */
function readOutcomes(body: string): Map<string, StowOutcome> | undefined {
  const module = parseModule(body)
  const outcomes = new Map<string, StowOutcome>()
  for (const item of itemsOf(module, ATTRIBUTE.ReferencedSOPSequence)) {
    const uid = valueOf(item, ATTRIBUTE.ReferencedSOPInstanceUID)
    if (typeof uid === 'string') outcomes.set(uid, { stored: true })
  }
  for (const item of itemsOf(module, ATTRIBUTE.FailedSOPSequence)) {
    const uid = valueOf(item, ATTRIBUTE.ReferencedSOPInstanceUID)
    if (typeof uid === 'string') {
      outcomes.set(uid, { stored: false, reason: Number(valueOf(item, ATTRIBUTE.FailureReason) ?? 0) })
    }
  }
  return outcomes.size > 0 ? outcomes : undefined
}

function parseModule(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body)
    // Some servers wrap the one module in an array, as answers to queries are.
    return Array.isArray(parsed) ? parsed[0] : parsed
  } catch {
    return undefined
  }
}

function itemsOf(module: unknown, attribute: string): unknown[] {
  const values = property(property(module, attribute), 'Value')
  return Array.isArray(values) ? values : []
}

function valueOf(item: unknown, attribute: string): unknown {
  const values = property(property(item, attribute), 'Value')
  return Array.isArray(values) ? values[0] : undefined
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
