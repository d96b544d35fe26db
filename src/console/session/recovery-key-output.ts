import { resolve } from 'node:path'
import { type RecoveryKey, writeRecoveryKeyFile } from '../../center/keys/recovery-key-file.ts'
import { Failure } from '../../platform/failure.ts'
import { asStartingUser } from '../../platform/process/become-user.ts'
import type { Session } from './session.ts'

/** The place where a command leaves a new recovery key. */
interface RecoveryKeyOutput {
  /** Absolute; undefined if the key is shown on the terminal. */
  readonly path: string | undefined
  readonly handOut: (key: RecoveryKey) => Promise<void>
}

/**
 * Decides where a new recovery key goes: to the named file, or else to the terminal. The file belongs to the person who typed
 * the command: root may name one in its own folder. Throws USAGE if no file is named and standard output is not a
 * terminal: redirected output is readable by others (umask) or ends in a log.
 */
export function recoveryKeyOutput(
  { terminal, say }: Session,
  { recoveryKey, json }: { readonly recoveryKey?: string; readonly json?: boolean },
): RecoveryKeyOutput {
  if (recoveryKey !== undefined) {
    const path = resolve(terminal.folder, recoveryKey)
    return { path, handOut: (key) => asStartingUser(() => writeRecoveryKeyFile(path, key)) }
  }
  if (json || !terminal.isTerminal) throw new Failure('USAGE', say('recoveryKey.needsFile'))
  const handOut = async ({ identity }: RecoveryKey): Promise<void> => {
    terminal.print(identity)
    terminal.say(say('recoveryKey.shown'))
  }
  return { path: undefined, handOut }
}
