import type { RunTool } from './run-tool.ts'

/** A unit by the properties of org.freedesktop.systemd1(5). */
export interface SystemdUnit {
  /** `loaded`, `not-found`, `masked`, `bad-setting` … */
  readonly load: string
  /** `active`, `activating`, `failed`, `inactive` … */
  readonly active: string
  /** `enabled`, `disabled`, `masked` …; empty for a unit without a file. */
  readonly enabled: string
  /** `success`, or the reason for its last end: `exit-code`, `signal`, `watchdog`, `oom-kill` … */
  readonly result: string
  readonly exitStatus: string
  readonly restarts: string
  /** Empty = root. */
  readonly user: string
  /** Bytes of core dumps; `0` = none. */
  readonly coreLimit: string
  /** `0` = the service is never swapped out. */
  readonly swapLimit: string
}

const PROPERTIES =
  'LoadState,ActiveState,UnitFileState,Result,ExecMainStatus,NRestarts,User,LimitCORE,MemorySwapMax'

/** Asks systemd; resolves to undefined if this machine does not run it. */
export async function readSystemdUnit(name: string, run: RunTool): Promise<SystemdUnit | undefined> {
  const answer = await run('systemctl', 'show', name, `--property=${PROPERTIES}`)
  if (answer?.exitCode !== 0) return undefined
  const values = new Map(
    answer.out
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const value = (property: string): string => values.get(property)?.trim() ?? ''
  return {
    load: value('LoadState'),
    active: value('ActiveState'),
    enabled: value('UnitFileState'),
    result: value('Result'),
    exitStatus: value('ExecMainStatus'),
    restarts: value('NRestarts'),
    user: value('User'),
    coreLimit: value('LimitCORE'),
    swapLimit: value('MemorySwapMax'),
  }
}
