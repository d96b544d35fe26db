import type { IncomingMessage } from 'node:http'

/** A request's body; whoever stops reading it early leaves the connection open, so that a refusal can still be heard. */
export function bodyPieces(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false })
}
