import type { AgentSettings } from '../../../src/config/agent-settings.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { LyingCenter } from '../../support/centers/lying-center.ts'
import { FaultProxy } from '../../support/lines/fault-proxy.ts'
import { type Clinic, type ClinicOptions, openClinic } from '../../support/programs/clinic.ts'
import { RecordingLog } from '../../support/recording-log.ts'

export const KIB = 1024

/** No delivery in any state but confirmed. */
export const NONE = { queued: 0, sending: 0, delivered: 0, held: 0 }

interface Options {
  clock: Clock
  settings?: Partial<AgentSettings>
  pacs?: NonNullable<ClinicOptions['pacs']>
}

export interface BadLine<Line> extends AsyncDisposable {
  clinic: Clinic
  line: Line
  log: RecordingLog
}

/** A clinic and a center with a line between them that is good until a test makes it bad. */
export function openBadLine(options: Options): Promise<BadLine<FaultProxy>> {
  return openWith(options, ({ port }) => FaultProxy.start(port))
}

/** A clinic and, in the place of its center, one that can lie. */
export function openLyingCenter(options: Options): Promise<BadLine<LyingCenter>> {
  return openWith(options, (center) => LyingCenter.start(center))
}

async function openWith<Line extends AsyncDisposable & { port: number }>(
  options: Options,
  start: (center: { folder: string; port: number }) => Promise<Line>,
): Promise<BadLine<Line>> {
  const log = new RecordingLog()
  let line: Line | undefined
  const clinic = await openClinic({
    ...options,
    log,
    line: async (center) => {
      line = await start(center)
      return line
    },
  })
  if (line === undefined) throw new Error('the line was not asked for')
  return { clinic, line, log, [Symbol.asyncDispose]: () => clinic[Symbol.asyncDispose]() }
}
