import type { Command } from 'commander'
import { CENTER_SETTINGS, checkCenterSettings } from '../config/center-settings.ts'
import { addAgents } from './commands/center-agents.ts'
import { addApprove } from './commands/center-approve.ts'
import { addCenterHeld } from './commands/center-held.ts'
import { addCenterInit } from './commands/center-init.ts'
import { addInvite } from './commands/center-invite.ts'
import { addKeys } from './commands/center-keys.ts'
import { addCenterLost } from './commands/center-lost.ts'
import { addCenterRelease } from './commands/center-release.ts'
import { addCenterRetry } from './commands/center-retry.ts'
import { addRevoke, addUnrevoke } from './commands/center-revoke.ts'
import { addCenterRun } from './commands/center-run.ts'
import { addCenterStatus } from './commands/center-status.ts'
import { addCenterStore } from './commands/center-store.ts'
import { addCenterStudies } from './commands/center-studies.ts'
import { addConfig } from './commands/config.ts'
import { CENTER_FILE } from './config-file.ts'
import { newProgram } from './new-program.ts'
import type { Session } from './session.ts'

/** `ferry-center`: what the imaging center's operator types. */
export function ferryCenterProgram(session: Session): Command {
  const program = newProgram(session, 'ferry-center', 'about.center', CENTER_FILE)
  const commands = [
    addCenterInit,
    addCenterRun,
    addInvite,
    addAgents,
    addApprove,
    addRevoke,
    addUnrevoke,
    addKeys,
    addCenterStudies,
    addCenterStatus,
    addCenterLost,
    addCenterStore,
    addCenterHeld,
    addCenterRelease,
    addCenterRetry,
  ]
  for (const add of commands) add(program, session)
  addConfig(program, session, { file: CENTER_FILE, kind: CENTER_SETTINGS, check: checkCenterSettings })
  return program
}
