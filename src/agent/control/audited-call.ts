import type { AuditAction, AuditEvent } from '../../audit/audit-event.ts'
import { CONTROL_PATHS } from '../../protocol/control-api.ts'

/** Calls of the control interface that change something for which a person answers. Names are audited where they are read. */
const ACTIONS: Readonly<Record<string, AuditAction>> = {
  [`POST ${CONTROL_PATHS.retry}`]: 'retried',
  [`POST ${CONTROL_PATHS.release}`]: 'released',
  [`POST ${CONTROL_PATHS.reloadDevices}`]: 'devicesRead',
  [`POST ${CONTROL_PATHS.ignoreCaller}`]: 'callerIgnored',
  [`POST ${CONTROL_PATHS.unignoreCaller}`]: 'callerUnignored',
  [`POST ${CONTROL_PATHS.forgetCaller}`]: 'callerForgotten',
  [`POST ${CONTROL_PATHS.assign}`]: 'assigned',
  [`POST ${CONTROL_PATHS.pageLink}`]: 'pageOpened',
  [`POST ${CONTROL_PATHS.restart}`]: 'restarted',
}

/** Returns the event of a call; undefined for one that only reads. `user`: as the console gives it, percent-encoded. */
export function auditedCall(
  call: string,
  query: URLSearchParams,
  user: string | undefined,
): AuditEvent | undefined {
  const action = ACTIONS[call]
  if (action === undefined) return undefined
  const study = query.get('study')
  const subject = subjectOf(query)
  return {
    action,
    user: decoded(user),
    ...(study !== null && { studies: [{ studyInstanceUid: study }] }),
    ...(subject !== undefined && { subject }),
  }
}

function subjectOf(query: URLSearchParams): string | undefined {
  const aeTitle = query.get('aet')
  if (aeTitle !== null) return `${aeTitle}@${query.get('address') ?? '*'}`
  return query.get('ulid') ?? query.get('file') ?? undefined
}

/** Only the service's own user, and root, can open the socket: without a name it is one of them. */
function decoded(user: string | undefined): string {
  try {
    return decodeURIComponent(user ?? '') || 'unknown'
  } catch {
    return 'unknown'
  }
}
