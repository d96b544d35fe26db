import type { Command } from 'commander'
import type { Session } from '../../session/session.ts'
import { addDeidAudit } from './deid-audit.ts'
import { addDeidCheck } from './deid-check.ts'
import { addDeidKey } from './deid-key.ts'
import { addDeidLinks } from './deid-links.ts'
import { addDeidPreview } from './deid-preview.ts'

/** Adds the commands of de-identification; all of them work without a running agent. */
export function addDeid(program: Command, session: Session): void {
  const deid = program.command('deid').description(session.say('deid.about'))
  for (const add of [addDeidPreview, addDeidCheck, addDeidKey, addDeidLinks, addDeidAudit])
    add(deid, session, program)
}
