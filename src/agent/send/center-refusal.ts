import { Failure, type FailureCode, isFailureCode } from '../../platform/failure.ts'
import { type Refusal, refusalSchema } from '../../protocol/center-api.ts'

/** One answer from the center's address that is not a success, and its request. */
interface RefusedRequest {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Method and path. */
  readonly request: string
  /** The content of the request, in words: "the study's list". */
  readonly content: string
  /** Bytes of the body that was sent; undefined if it was streamed. */
  readonly sentBytes: number | undefined
}

/**
 * Failures of the machine on which they happen: here they would be mistaken for failures of this machine or of a
 * device.
 */
const CENTERS_OWN: ReadonlySet<FailureCode> = new Set([
  'STORAGE_FULL',
  'STORAGE_ERROR',
  'DATABASE_ERROR',
  'INTERNAL',
])
/** RFC 9110 §15.5.14 and §15.5.15, RFC 6585 §5. */
const TOO_LARGE: ReadonlySet<number> = new Set([413, 414, 431])
/** A proxy or a network requires a login: RFC 9110 §15.5.8, RFC 6585 §6. */
const LOGIN: ReadonlySet<number> = new Set([407, 511])
/** Answers that time may cure: RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4, RFC 9110 §15.6.4, RFC 4918 §11.5. */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 503, 507])

/**
 * Converts an answer that is not a success to a Failure. The center's own refusals have a JSON body with a code
 * (docs/protocol.md); an answer without one comes from a proxy or another program at the center's address. The code
 * PROTOCOL_VIOLATION is about DICOM on this machine, so it becomes CENTER_REFUSED.
 */
export function failureOfRefusal(refused: RefusedRequest): Failure {
  const { status, body, request } = refused
  const told = refusalOf(body)
  if (told !== undefined && !CENTERS_OWN.has(told.code)) {
    const words = `the center answers ${request}: ${told.message}`
    if (told.code !== 'PROTOCOL_VIOLATION') return new Failure(told.code, words)
    return TOO_LARGE.has(status) ? tooLarge(refused, told.message) : new Failure('CENTER_REFUSED', words)
  }
  if (LOGIN.has(status)) return notTheCenter(refused)
  if (BUSY.has(status))
    return new Failure('CENTER_BUSY', `the center answers ${request} with HTTP status ${status}`)
  if (status >= 500)
    return new Failure('CENTER_ERROR', `the center answers ${request} with HTTP status ${status}`)
  if (TOO_LARGE.has(status)) return tooLarge(refused, undefined)
  return notTheCenter(refused)
}

/** Returns the center's code, if the body is one of its refusals. */
export function refusalCode(body: string): FailureCode | undefined {
  return refusalOf(body)?.code
}

/**
 * Returns true for a successful answer with a web page as its body: a login or block page answers in the center's
 * place.
 */
export function isWebPage({ headers, body }: Pick<RefusedRequest, 'headers' | 'body'>): boolean {
  return String(headers['content-type'] ?? '').includes('html') || /^\s*<(!doctype|html)/i.test(body)
}

export function webPage(status: number, request: string): Failure {
  return new Failure(
    'CENTER_PROXY',
    `${request} was answered with HTTP status ${status} and a web page, which is not the center's`,
  )
}

function refusalOf(body: string): (Refusal & { code: FailureCode }) | undefined {
  try {
    const { code, message } = refusalSchema.parse(JSON.parse(body))
    return isFailureCode(code) ? { code, message } : undefined
  } catch {
    return undefined
  }
}

function tooLarge(
  { status, request, content, sentBytes }: RefusedRequest,
  told: string | undefined,
): Failure {
  const size = sentBytes === undefined ? '' : ` (${sentBytes} bytes)`
  const limit =
    told ?? `a proxy before it, or the center, answers HTTP status ${status}; its limit is not stated`
  return new Failure('CENTER_LIMIT', `${content} is too long for the center${size}: ${request}: ${limit}`)
}

function notTheCenter({ status, headers, body, request }: RefusedRequest): Failure {
  if (status >= 300 && status < 400) {
    const found = `${request} is redirected (HTTP status ${status}) to ${originOf(headers['location'])}`
    return new Failure('CENTER_PROXY', `${found}; the agent follows no redirect`)
  }
  if (LOGIN.has(status))
    return new Failure('CENTER_PROXY', `a proxy wants a login for ${request} (HTTP status ${status})`)
  if (isWebPage({ headers, body })) return webPage(status, request)
  const found = `${request} was answered with HTTP status ${status} and without the center's reason`
  return new Failure('CENTER_REFUSED', found)
}

/** Omits path and query, which may contain a session or a name. */
function originOf(location: string | string[] | undefined): string {
  const url = typeof location === 'string' ? URL.parse(location, 'https://the-same-host.invalid') : null
  if (url === null) return 'no readable address'
  return url.hostname === 'the-same-host.invalid' ? 'another path of the same host' : url.origin
}
