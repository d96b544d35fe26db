import type { FailureCode } from '../../platform/failure.ts'

/** Exit codes for the shell; docs/cli.md shows the same table. A code that is not here counts as failure. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partlyDone: 3,
  notRunning: 10,
  notEnrolled: 11,
  centerUnreachable: 12,
  unhealthy: 13,
  broken: 70,
  configInvalid: 78,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Failures that scripts want to tell apart; every other one is 1. */
const BY_FAILURE: Partial<Readonly<Record<FailureCode, ExitCode>>> = {
  USAGE: EXIT.usage,
  JOIN_CODE_INVALID: EXIT.usage,
  NOT_RUNNING: EXIT.notRunning,
  NOT_ENROLLED: EXIT.notEnrolled,
  AGENT_KEY_LOST: EXIT.notEnrolled,
  AGENT_UNKNOWN: EXIT.notEnrolled,
  AGENT_REVOKED: EXIT.notEnrolled,
  CENTER_UNREACHABLE: EXIT.centerUnreachable,
  CENTER_NOT_TLS: EXIT.centerUnreachable,
  CENTER_BUSY: EXIT.centerUnreachable,
  CONFIG_INVALID: EXIT.configInvalid,
  INTERRUPTED: EXIT.interrupted,
}

export function exitCodeOf(code: FailureCode): ExitCode {
  return BY_FAILURE[code] ?? EXIT.failed
}
