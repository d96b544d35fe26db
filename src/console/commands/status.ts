import type { Command } from 'commander'
import { CONTROL_PATHS, statusSchema } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { showOrWatch, type WatchOptions } from '../session/show-or-watch.ts'
import { assessHealth } from '../views/health.ts'
import { statusText } from '../views/status-text.ts'
import { statusView } from '../views/status-view.ts'
import { configOption, jsonOption } from './options.ts'

export function addStatus(program: Command, session: Session): void {
  program
    .command('status')
    .description(session.say('status.about'))
    .addOption(jsonOption(session))
    .option('--watch', session.say('watch.option'))
    .action(async (options: WatchOptions) => {
      const { dataFolder } = agentSettings(session, configOption(program))
      const client = new ControlClient(dataFolder)
      session.conclude(await showOrWatch(session, options, () => showOnce(client, session, options)))
    })
}

async function showOnce(client: ControlClient, session: Session, { json }: WatchOptions): Promise<ExitCode> {
  const { say, language, causes, terminal } = session
  const { value: status } = await client.call(statusSchema, 'GET', CONTROL_PATHS.status)
  const findings = assessHealth(status, say, language, causes)
  const isHealthy = findings.every(({ severity }) => severity !== 'act')
  if (json) printJson(session, { isHealthy, findings, ...status })
  else
    for (const line of statusText(statusView(status, findings, say, language), say, terminal.paint))
      terminal.print(line)
  return isHealthy ? EXIT.ok : EXIT.unhealthy
}
