import { AuditTrail } from '../../audit/audit-trail.ts'
import { readCenterKeys } from '../../center/keys/center-keys.ts'
import type { Clock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'

/** Opens the trail of a center, which may run meanwhile. Throws what reading the center's keys throws. */
export async function centerAudit(dataFolder: string, clock: Clock): Promise<AuditTrail> {
  const { root: key } = await readCenterKeys(dataFolder, clock.now())
  return new AuditTrail({ dataFolder, key, program: 'ferry-center', clock, log: silentLog })
}
