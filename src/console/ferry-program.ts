import type { Command } from 'commander'
import { AGENT_SETTINGS, checkAgentSettings } from '../config/agent-settings.ts'
import { addCommitments } from './commands/commitments.ts'
import { addConfig } from './commands/config.ts'
import { addDeid } from './commands/deid.ts'
import { addDevices } from './commands/devices.ts'
import { addEcho } from './commands/echo.ts'
import { addInit } from './commands/init.ts'
import { addJoin } from './commands/join.ts'
import { addQuarantine } from './commands/quarantine.ts'
import { addQueue } from './commands/queue.ts'
import { addRetry } from './commands/retry.ts'
import { addRun } from './commands/run.ts'
import { addSend } from './commands/send.ts'
import { addStatus } from './commands/status.ts'
import { addSteps } from './commands/steps.ts'
import { addStudy } from './commands/study.ts'
import { AGENT_FILE } from './config-file.ts'
import { newProgram } from './new-program.ts'
import type { Session } from './session.ts'

/** `ferry`: what clinic IT and ops staff type. */
export function ferryProgram(session: Session): Command {
  const program = newProgram(session, 'ferry', 'about.ferry', AGENT_FILE)
  for (const add of [
    addInit,
    addJoin,
    addRun,
    addStatus,
    addDevices,
    addQueue,
    addQuarantine,
    addCommitments,
    addSteps,
    addStudy,
    addRetry,
    addEcho,
    addSend,
  ])
    add(program, session)
  addDeid(program, session)
  addConfig(program, session, { file: AGENT_FILE, kind: AGENT_SETTINGS, check: checkAgentSettings })
  return program
}
