import { join } from 'node:path'
import { AUDIT_ACTIONS } from '../../audit/audit-event.ts'
import type { readTrail } from '../../audit/read-trail.ts'
import type { AuditBreak } from '../../audit/verify-trail.ts'
import type { Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { formatTable } from '../views/text-table.ts'

type ListedLine = typeof readTrail extends (...given: never[]) => AsyncGenerator<infer Line> ? Line : never

/** More subjects of one line are counted. */
const SHOWN_OBJECTS = 2

export function auditTable(lines: readonly ListedLine[], session: Session): string[] {
  const { say, clock } = session
  if (lines.length === 0) return [say('audit.none')]
  const now = clock.now()
  return formatTable(
    [
      { title: '#', align: 'right' },
      { title: say('column.time') },
      { title: say('column.user') },
      { title: say('column.did') },
      { title: say('column.subject') },
      { title: say('column.reason') },
    ],
    lines.map(({ sequence, at, user, action, objects, reason, failure, destination }) => [
      String(sequence),
      showTime(at, now),
      user,
      actionText(action, session),
      [...objectsText(objects), ...(destination === null ? [] : [`→ ${destination}`])].join(' '),
      [...(failure === null ? [] : [failure]), ...(reason === null ? [] : [reason])].join(': '),
    ]),
  )
}

/** A newer program may have recorded another action. */
function actionText(action: string, { say }: Session): string {
  return isAction(action) ? say(`audit.action.${action}`) : action
}

const isAction = (text: string): text is keyof typeof AUDIT_ACTIONS => Object.hasOwn(AUDIT_ACTIONS, text)

function objectsText(objects: readonly string[]): string[] {
  const more = objects.length - SHOWN_OBJECTS
  return [...objects.slice(0, SHOWN_OBJECTS), ...(more > 0 ? [`+${more}`] : [])]
}

/** Names the first broken line, and the next step. */
export function breakText(
  { fault, file, line, sequence }: AuditBreak,
  folder: string,
  { say }: Session,
): string[] {
  const place = file === null ? folder : `${join(folder, file)}${line === null ? '' : `:${line}`}`
  return [say(`audit.broken.${fault}`, { sequence }), say('audit.place', { place }), say('audit.todo')]
}
