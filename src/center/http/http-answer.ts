import type { IncomingMessage, ServerResponse } from 'node:http'
import { Failure, type FailureCode } from '../../platform/failure.ts'
import type { Refusal } from '../../protocol/center-api.ts'

/** A refusal whose HTTP status says more than its code does; inside the center's front only. */
export class HttpRefusal extends Failure {
  readonly status: number

  constructor(status: number, code: FailureCode, message: string) {
    super(code, message)
    this.status = status
  }
}

const STATUS: Partial<Record<FailureCode, number>> = {
  PROTOCOL_VIOLATION: 400,
  SIGNATURE_INVALID: 401,
  TOKEN_TIME: 401,
  AGENT_UNKNOWN: 401,
  AGENT_REVOKED: 403,
  JOIN_CODE_INVALID: 403,
  PACK_INVALID: 422,
  MANIFEST_INVALID: 422,
  CENTER_BUSY: 503,
  STORE_MISSING: 503,
  STORAGE_FULL: 507,
}

/** Returns the status for a failure; 500 if the agent cannot do anything about it. */
export function statusOf(failure: Failure): number {
  return failure instanceof HttpRefusal ? failure.status : (STATUS[failure.code] ?? 500)
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8')
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
  })
  response.end(bytes)
}

/** An answer without a body. */
export function sendEmpty(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
): void {
  response.writeHead(status, { 'Content-Length': 0, ...headers })
  response.end()
}

/** Codes of center faults that agents see; all others become CENTER_ERROR. */
const TOLD: Partial<Record<FailureCode, FailureCode>> = {
  CENTER_BUSY: 'CENTER_BUSY',
  STORE_MISSING: 'CENTER_BUSY',
  STORAGE_FULL: 'STORAGE_FULL',
}

/**
 * Internal details (paths, SQL) stay inside: an agent learns that the center failed, the center's log contains the
 * details.
 */
export function sendFailure(response: ServerResponse, failure: Failure): void {
  const status = statusOf(failure)
  const isOurs = status >= 500
  const refusal: Refusal = {
    code: isOurs ? (TOLD[failure.code] ?? 'CENTER_ERROR') : failure.code,
    message: isOurs ? 'the center could not do it now: its log says why' : failure.message,
  }
  if (isOurs) response.setHeader('Retry-After', 30)
  sendJson(response, status, refusal)
}

/** A small body as text. Throws PROTOCOL_VIOLATION (413) as soon as it is announced or found to be over the limit. */
export async function readText(request: IncomingMessage, limitBytes: number): Promise<string> {
  const tooLarge = (): Failure =>
    new HttpRefusal(413, 'PROTOCOL_VIOLATION', `reading a request: its body is over ${limitBytes} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge()
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of bodyPieces(request)) {
    bytes += piece.length
    if (bytes > limitBytes) throw tooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** A request's body. If reading stops early the connection stays open, so that a refusal can still be delivered. */
export function bodyPieces(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false })
}
