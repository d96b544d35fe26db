import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Session } from './session.ts'

const WATCH_MS = 2000

export interface WatchOptions {
  readonly json?: true
  readonly watch?: true
}

/**
 * Shows something once; with `--watch` again every two seconds until it is stopped. With `--json` each time is one line
 * (JSON Lines), else the terminal is cleared before. Returns the exit code of the last time.
 */
export async function showOrWatch(
  { terminal, clock, signal }: Session,
  { json, watch }: WatchOptions,
  showOnce: () => Promise<ExitCode>,
): Promise<ExitCode> {
  if (watch !== true) return await showOnce()
  let exitCode: ExitCode = EXIT.ok
  while (!signal.aborted) {
    if (!json) terminal.clear()
    exitCode = await showOnce()
    await clock.sleep(WATCH_MS, signal).catch(() => {})
  }
  return exitCode
}
