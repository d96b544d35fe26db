import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { openDesk } from '../open-desk.ts'
import { printJson, type Session } from '../session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

export function addCenterStatus(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('status')
    .description(say('centerStatus.about'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const status = await desk.status()
      const { agents, pacs, instances, conflicts, packsUnderWay: packs } = status
      const isHealthy = pacs.refused === 0
      session.conclude(isHealthy ? EXIT.ok : EXIT.unhealthy)
      if (json) return printJson(session, { isHealthy, ...status })
      if (pacs.refused > 0)
        terminal.print(terminal.paint('red', `✗ ${say('centerStatus.refused', { count: pacs.refused })}`))
      if (agents.pending > 0)
        terminal.print(
          terminal.paint('yellow', `! ${say('centerStatus.pending', { count: agents.pending })}`),
        )
      terminal.print(say('centerStatus.agents', agents))
      terminal.print(say('centerStatus.instances', { instances, conflicts, packs }))
      terminal.print(say('centerStatus.pacs', pacs))
    })
}
