import type { Command } from 'commander'
import { configOption, type JsonOption, jsonOption, limitOption } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { studyName } from '../views/study-name.ts'
import { formatTable } from '../views/text-table.ts'

interface LostOptions extends JsonOption {
  readonly limit: number
}

export function addCenterLost(program: Command, session: Session): void {
  const { say, terminal, clock } = session
  program
    .command('lost')
    .description(say('centerLost.about'))
    .addOption(limitOption(session))
    .addOption(jsonOption(session))
    .action(async ({ limit, json }: LostOptions) => {
      using desk = await openDesk(session, configOption(program))
      const lost = await desk.lost(limit)
      if (json) return printJson(session, { lost })
      if (lost.length === 0) return terminal.print(say('centerLost.none'))
      const titles = ['since', 'agents', 'study', 'instance', 'file', 'reason'] as const
      const columns = titles.map((title) => ({ title: say(`column.${title}`) }))
      const rows = lost.map(({ lostAt, agents, studyInstanceUid, sopInstanceUid, file, reason }) => [
        showTime(lostAt, clock.now()),
        agents,
        studyName(studyInstanceUid, say),
        sopInstanceUid,
        file,
        session.causes(reason),
      ])
      for (const line of formatTable(columns, rows)) terminal.print(line)
    })
}
