import { Failure, type FailureCode } from '../platform/failure.ts'
import { type ResponseModule, readResponseModule } from './response-module.ts'

/**
 * The result of one instance. 'stored': the server says so. 'failed': with its failure reason (0008,1197), undefined if it
 * gave none. 'unproved': the server answered success without saying that it stored this instance, or contradicts itself;
 * `found` says which, and only its copy can tell.
 */
export type StowOutcome =
  | { readonly kind: 'stored'; readonly warning: number | undefined }
  | { readonly kind: 'failed'; readonly reason: number | undefined }
  | { readonly kind: 'unproved'; readonly found: string }

/**
 * The answer of a STOW-RS server. 'answered': for each instance by its SOP Instance UID; one that is not listed was not
 * mentioned. 'unclear': nothing was stored, and the answer does not tell whether all must wait or one of the instances is
 * the cause. 'unavailable': nothing can be stored there now, whatever the instance.
 */
export type StowAnswer =
  | { readonly kind: 'answered'; readonly outcomes: ReadonlyMap<string, StowOutcome> }
  | { readonly kind: 'unclear'; readonly failure: Failure; readonly isOfPacs: boolean }
  | { readonly kind: 'unavailable'; readonly failure: Failure; readonly retryAfterMs?: number }

/** A response to STOW-RS as it came. */
export interface StowResponse {
  readonly status: number
  readonly contentType: string
  /** The address of a redirect, without its possibly secret parts. */
  readonly location: string | undefined
  readonly retryAfterMs: number | undefined
  readonly body: string
  /** False if the body was longer than what is read. */
  readonly isWhole: boolean
}

const ATTEMPTED = 'storing by STOW-RS'

/** Statuses that never speak about one instance, with what they mean for the operator. Redirects are among them. */
const FOR_ALL: ReadonlyMap<number, FailureCode> = new Map<number, FailureCode>([
  ...[401, 407, 511].map((status) => [status, 'PACS_DENIED'] as const),
  ...[404, 405, 406, 410, 411, 421, 426, 428, 431, 501, 505, 506, 508, 510].map(
    (status) => [status, 'PACS_ADDRESS'] as const,
  ),
  // Busy, out of order, out of space; 520 to 530 are a proxy's own words for a server behind it that is away.
  ...[408, 425, 429, 502, 503, 504, 507, 520, 521, 522, 523, 524, 525, 526, 527, 530].map(
    (status) => [status, 'PACS_UNREACHABLE'] as const,
  ),
])

/**
 * Sorts a response (PS3.18 §10.5.3, RFC 9110 §15). A response module that names instances speaks for each of them, except
 * under a status that speaks for all. Without one, 200 and 201 mean that all was stored; every other success must be
 * proved by the PACS's copy. Failures name the status, never the body, which may hold a patient's name.
 */
export function readStowAnswer(response: StowResponse, sopInstanceUids: readonly string[]): StowAnswer {
  const { status } = response
  if (status < 200 || (status >= 300 && status < 400)) return redirected(response)
  const forAll = FOR_ALL.get(status)
  if (forAll !== undefined) return unavailable(forAll, answered(response), response.retryAfterMs)
  const module = response.isWhole ? readResponseModule(response.body) : undefined
  const outcomes = module === undefined ? undefined : outcomesOf(module, status, sopInstanceUids)
  if (outcomes !== undefined && outcomes.size > 0) return { kind: 'answered', outcomes }
  if (status >= 300) return unclear(response)
  return module === undefined && response.body.trim() !== ''
    ? successWithOtherText(response, sopInstanceUids)
    : successWithoutWords(response, module, sopInstanceUids)
}

function redirected({ status, location }: StowResponse): StowAnswer {
  const to = location === undefined ? '' : ` and redirects to ${location}`
  return unavailable('PACS_ADDRESS', `${ATTEMPTED}: the PACS answered ${status}${to}`)
}

function outcomesOf(
  { stored, failed, hasAttributes }: ResponseModule,
  status: number,
  asked: readonly string[],
): Map<string, StowOutcome> {
  const outcomes = new Map<string, StowOutcome>()
  const isSuccess = status < 300
  const known = new Set(asked)
  for (const { uid, warning } of stored) {
    if (!known.has(uid)) continue
    if (isSuccess) outcomes.set(uid, { kind: 'stored', warning })
    else outcomes.set(uid, unproved(`the PACS answered ${status} and lists it as stored`))
  }
  for (const { uid, reason } of failed) {
    // A failure without a name is that of the only instance of the request.
    const one = uid ?? (asked.length === 1 ? asked[0] : undefined)
    if (one !== undefined && known.has(one)) outcomes.set(one, { kind: 'failed', reason })
  }
  // The service itself says no to a request of one instance, and lists nothing (Orthanc does so for what it cannot parse).
  const [only, ...more] = asked
  if (
    status >= 400 &&
    hasAttributes &&
    stored.length + failed.length === 0 &&
    more.length === 0 &&
    only !== undefined
  )
    outcomes.set(only, { kind: 'failed', reason: undefined })
  const isEveryFailureNamed = failed.every(({ uid }) => uid !== undefined)
  if (outcomes.size > 0 && (status === 200 || status === 201) && isEveryFailureNamed) {
    for (const uid of asked)
      if (!outcomes.has(uid))
        outcomes.set(uid, unproved(`the PACS answered ${status} and does not list this instance`))
  }
  return outcomes
}

/** An empty body, or a module that lists nothing of what was sent. */
function successWithoutWords(
  response: StowResponse,
  module: ResponseModule | undefined,
  asked: readonly string[],
): StowAnswer {
  const { status } = response
  const isModuleEmpty = module === undefined || module.stored.length + module.failed.length === 0
  if ((status === 200 || status === 201) && isModuleEmpty)
    return all(asked, { kind: 'stored', warning: undefined })
  if (module !== undefined && module.failed.some(({ uid }) => uid === undefined)) return unclear(response)
  return all(asked, unproved(`the PACS answered ${status} and does not say what it stored`))
}

/** A module that cannot be read leaves it open what was stored. Anything else did not come from a STOW-RS server. */
function successWithOtherText(response: StowResponse, asked: readonly string[]): StowAnswer {
  const { status, body } = response
  const isModule = /0008119[89]/.test(body) || asked.some((uid) => body.includes(uid))
  if (isModule && !isPage(response))
    return all(asked, unproved(`the PACS answered ${status} with a list that cannot be read`))
  return unavailable('PACS_ADDRESS', answered(response))
}

function unclear(response: StowResponse): StowAnswer {
  const { status } = response
  const code = status === 403 ? 'PACS_DENIED' : status >= 500 ? 'PACS_UNREACHABLE' : 'PACS_REFUSED'
  const isOfPacs = status !== 403 && status < 500 && !isPage(response)
  return { kind: 'unclear', failure: new Failure(code, answered(response)), isOfPacs }
}

function answered(response: StowResponse): string {
  const { status, body } = response
  const what = isPage(response)
    ? ' with a web page, which is not from a DICOMweb service'
    : status < 300 && body.trim() !== ''
      ? ' with a text that is not a response of STOW-RS'
      : ''
  const why = status === 406 ? ': it answers neither in DICOM JSON nor in DICOM XML' : ''
  return `${ATTEMPTED}: the PACS answered ${status}${what}${why}`
}

/** A page is written by a proxy, a gateway, a login or a web server, hardly by a DICOMweb service. */
function isPage({ contentType, body }: StowResponse): boolean {
  if (/^\s*(?:\uFEFF)?(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html)\b/i.test(body))
    return true
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType) && body.trim() !== ''
}

function unavailable(code: FailureCode, message: string, retryAfterMs?: number): StowAnswer {
  return {
    kind: 'unavailable',
    failure: new Failure(code, message),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function all(uids: readonly string[], outcome: StowOutcome): StowAnswer {
  return { kind: 'answered', outcomes: new Map(uids.map((uid) => [uid, outcome])) }
}

function unproved(found: string): StowOutcome {
  return { kind: 'unproved', found }
}
