import type { ProcedureStepView } from '../../protocol/control-api.ts'
import type { Say } from '../language/language.ts'

/** Where what came is not what the device announced, series by series, in words. */
export function differences({ series }: ProcedureStepView, say: Say): string[] {
  return series.flatMap(({ seriesInstanceUid, announced, arrived, unannounced }) => [
    ...(arrived < announced
      ? [say('steps.missing', { missing: announced - arrived, announced, series: seriesInstanceUid })]
      : []),
    ...(unannounced > 0 ? [say('steps.unannounced', { count: unannounced, series: seriesInstanceUid })] : []),
  ])
}
