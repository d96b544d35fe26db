import { describe, Failure } from '../../platform/failure.ts'
import type { Connection } from './connection.ts'
import { ABORT_BY_USER, BrokenOff } from './pdu.ts'

/**
 * Ends a connection over an error: a peer that has gone by itself is let go, any other is told by A-ABORT. Returns the
 * Failure for all that wait for this connection; a foreign error becomes INTERNAL.
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
