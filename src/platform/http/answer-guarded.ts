import type { IncomingMessage, ServerResponse } from 'node:http'
import { Failure } from '../failure.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'

interface Answering {
  /** Called first, for every request. */
  readonly begin?: () => void
  /** Sends the answer, or throws the reason to refuse the request. */
  readonly answer: (target: RequestTarget) => Promise<void> | void
  /** Logs the error, and sends a refusal if `canAnswer`: no answer has begun, and the connection is open. */
  readonly refuse: (error: unknown, canAnswer: boolean) => void
}

/**
 * Answers a request exactly once. Never rejects, for any request and any result of `answer` and `refuse`; a response
 * that cannot be finished is aborted. A target that is not a path is refused with PROTOCOL_VIOLATION.
 */
export async function answerGuarded(
  request: IncomingMessage,
  response: ServerResponse,
  { begin, answer, refuse }: Answering,
): Promise<void> {
  // 'close' reports a broken line; an 'error' without a listener would end the process.
  request.on('error', () => {})
  response.on('error', () => {})
  try {
    begin?.()
    await answer(parseRequestTarget(request.url))
    if (!response.writableEnded && !response.destroyed)
      throw new Failure('INTERNAL', 'answering a request: it was left without an answer')
  } catch (error) {
    refuseOnce(response, error, refuse)
  }
}

function refuseOnce(response: ServerResponse, error: unknown, refuse: Answering['refuse']): void {
  try {
    refuse(error, !response.headersSent && response.socket?.destroyed === false)
  } catch {
    response.destroy()
  }
  if (!response.writableEnded) response.destroy()
}
