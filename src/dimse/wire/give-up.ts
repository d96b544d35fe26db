import { describe, Failure } from '../../platform/failure.ts'
import type { Connection } from './connection.ts'
import { ABORT_BY_USER, BrokenOff } from './pdu.ts'

/**
 * Ends a connection after an error. Sends A-ABORT unless the peer has closed the connection itself. Returns the Failure for
 * every caller that waits for this connection; a foreign error becomes INTERNAL.
 */
export function giveUp(connection: Connection, error: unknown, lingerMs: number): Failure {
  const failure = asFailure(error)
  connection.fail(failure)
  if (failure instanceof BrokenOff) connection.abort(failure.abort, lingerMs)
  else connection.letGo(lingerMs)
  return failure
}

function asFailure(error: unknown): Failure {
  if (error instanceof BrokenOff) return error
  if (error instanceof Failure && OF_THE_PEER.has(error.code)) return error
  return new BrokenOff('INTERNAL', ABORT_BY_USER, `serving an association: ${describe(error)}`)
}

const OF_THE_PEER: ReadonlySet<string> = new Set(['ASSOCIATION_ABORTED', 'ASSOCIATION_REJECTED'])
