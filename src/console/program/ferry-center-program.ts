import type { Command } from 'commander'
import { CENTER_SETTINGS, checkCenterSettings } from '../../config/center-settings.ts'
import { addAudit } from '../audit/add-audit.ts'
import { addCenterAccount } from '../center-commands/center-account.ts'
import { addAgents } from '../center-commands/center-agents.ts'
import { addApprove } from '../center-commands/center-approve.ts'
import { addCenterDoctor } from '../center-commands/center-doctor.ts'
import { addCenterHeld } from '../center-commands/center-held.ts'
import { addCenterInit } from '../center-commands/center-init.ts'
import { addInvite } from '../center-commands/center-invite.ts'
import { addKeys } from '../center-commands/center-keys.ts'
import { addCenterLost } from '../center-commands/center-lost.ts'
import { addCenterRegister } from '../center-commands/center-register.ts'
import { addCenterRelease } from '../center-commands/center-release.ts'
import { addCenterRetry } from '../center-commands/center-retry.ts'
import { addRevoke, addUnrevoke } from '../center-commands/center-revoke.ts'
import { addCenterRun } from '../center-commands/center-run.ts'
import { addSilence } from '../center-commands/center-silence.ts'
import { addCenterStatus } from '../center-commands/center-status.ts'
import { addCenterStore } from '../center-commands/center-store.ts'
import { addCenterStudies } from '../center-commands/center-studies.ts'
import { addCenterSupportBundle } from '../center-commands/center-support-bundle.ts'
import { addTestMessage } from '../center-commands/center-test-message.ts'
import { addCompletion } from '../commands/completion.ts'
import { addConfig } from '../commands/config.ts'
import { addLogs } from '../commands/logs.ts'
import { configOption } from '../commands/options.ts'
import { centerAudit } from '../session/center-audit.ts'
import { CENTER_FILE, centerSettings } from '../session/config-file.ts'
import type { Session } from '../session/session.ts'
import { addHelp } from '../usage/add-help.ts'
import { addVersion } from '../usage/add-version.ts'
import { newProgram } from './new-program.ts'

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
    addCenterDoctor,
    addCenterSupportBundle,
    addCenterLost,
    addCenterStore,
    addCenterRegister,
    addCenterHeld,
    addCenterRelease,
    addCenterRetry,
    addCenterAccount,
    addSilence,
    addTestMessage,
  ]
  for (const add of commands) add(program, session)
  addLogs(program, session, {
    program: 'ferry-center',
    settings: (config) => centerSettings(session, config).log,
  })
  addAudit(program, session, () =>
    centerAudit(centerSettings(session, configOption(program)).dataFolder, session.clock),
  )
  addConfig(program, session, { file: CENTER_FILE, kind: CENTER_SETTINGS, check: checkCenterSettings })
  addCompletion(program, session)
  addHelp(program, session)
  addVersion(program, session)
  return program
}
