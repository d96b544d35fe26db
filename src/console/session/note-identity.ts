import { failureFrom } from '../../platform/failure.ts'
import { type IdentityNote, identityNotePath, writeIdentityNote } from '../../platform/identity-note.ts'
import type { Session } from './session.ts'

/** Notes beside the configuration file who works with it. Says so if that fails: the identity itself is made already. */
export async function noteIdentity(
  { say, terminal, clock }: Session,
  configFile: string,
  identity: Pick<IdentityNote, 'dataFolder' | 'fingerprint' | 'center'>,
): Promise<void> {
  const since = new Date(clock.now()).toISOString()
  try {
    await writeIdentityNote(configFile, { since, ...identity })
  } catch (error) {
    const { message: reason } = failureFrom(error, 'STORAGE_ERROR', 'noting the identity')
    terminal.say(say('identity.notNoted', { path: identityNotePath(configFile), reason }))
  }
}
