import { CenterAccount } from '../../agent/send/center-account.ts'
import { AuditTrail } from '../../audit/audit-trail.ts'
import type { Clock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'

/** Opens the trail of an agent, which may run meanwhile. Throws NOT_ENROLLED if the agent has no key yet. */
export async function agentAudit(dataFolder: string, clock: Clock): Promise<AuditTrail> {
  const { signingKey: key } = await CenterAccount.open(dataFolder)
  return new AuditTrail({ dataFolder, key, program: 'ferry', clock, log: silentLog })
}
