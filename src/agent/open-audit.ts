import { AuditTrail } from '../audit/audit-trail.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { SigningKey } from '../protocol/signing-key.ts'

/** Opens the audit trail of the agent, and records its start, and its end when the stack is disposed of. */
export function openAudit(
  dataFolder: string,
  key: SigningKey,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  stack: AsyncDisposableStack,
): AuditTrail {
  const audit = stack.use(new AuditTrail({ dataFolder, key, program: 'ferry', clock, log }))
  audit.note({ action: 'started' })
  stack.defer(() => audit.note({ action: 'stopped' }))
  return audit
}
