import { identityNotePath } from '../../platform/identity-note.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { osUser } from '../session/os-user.ts'
import type { Session } from '../session/session.ts'
import { type JoinByCode, joinByCode } from './join-by-code.ts'

type JoinOnTerminal = Pick<JoinByCode, 'dataFolder' | 'file' | 'code' | 'name' | 'isNewWanted'>

/** Joins as {@link joinByCode} does, and tells the person at the terminal what the center waits for. */
export function joinOnTerminal(
  { terminal, say, clock, signal }: Session,
  joining: JoinOnTerminal,
): ReturnType<typeof joinByCode> {
  return joinByCode({
    ...joining,
    user: osUser(terminal),
    clock,
    signal,
    onPending: (fingerprint) => {
      terminal.say(say('join.pending'))
      terminal.say(`    ${terminal.paint('bold', shortFingerprint(fingerprint))}`)
      terminal.say(say('join.waiting'))
    },
    onNewKey: (fingerprint) =>
      terminal.say(say('join.newKey', { fingerprint: shortFingerprint(fingerprint) })),
    onNotNoted: ({ message: reason }) =>
      terminal.say(say('identity.notNoted', { path: identityNotePath(joining.file), reason })),
  })
}
