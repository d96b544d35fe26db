import { CONTROL_PATHS, studyDetailSchema } from '../../protocol/control-api.ts'
import type { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'

const LOOK_EVERY_MS = 500
const PATIENCE_MS = 3 * 60_000

/** Waits until the center has signed for a study. Resolves to false if it has not done so after three minutes. */
export async function followToReceipt(
  { clock, signal }: Session,
  client: ControlClient,
  studyInstanceUid: string,
): Promise<boolean> {
  const path = `${CONTROL_PATHS.studies}/${encodeURIComponent(studyInstanceUid)}`
  const endsAt = clock.monotonicMs() + PATIENCE_MS
  while (clock.monotonicMs() < endsAt) {
    const { value } = await client.call(studyDetailSchema, 'GET', path)
    if (value.study.state === 'confirmed') return true
    if (value.study.held > 0) return false
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
  return false
}
