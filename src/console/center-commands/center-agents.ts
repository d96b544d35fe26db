import type { Command } from 'commander'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { formatTable } from '../views/text-table.ts'

export function addAgents(program: Command, session: Session): void {
  const { say, terminal, clock } = session
  program
    .command('agents')
    .description(say('agents.about'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const agents = await desk.agents()
      const heartbeats = new Map((await desk.heartbeats()).map(({ agent, ...rest }) => [agent, rest]))
      if (json) {
        const views = agents.map(({ kid, publicKey, ...agent }) => ({
          fingerprint: kid,
          publicKey: publicKey.toString('base64url'),
          ...agent,
          heartbeat: heartbeats.get(kid) ?? null,
        }))
        return printJson(session, { agents: views })
      }
      if (agents.length === 0) return terminal.print(say('agents.none'))
      const titles = [
        'column.state',
        'column.fingerprint',
        'column.lastSeen',
        'column.version',
        'column.waiting',
        'column.free',
        'column.name',
      ] as const
      const rows = agents.map(({ state, kid, lastSeenAt, name, ownName }) => {
        const told = heartbeats.get(kid)?.heartbeat
        return [
          say(`state.${state}`),
          shortFingerprint(kid),
          lastSeenAt === null ? say('time.never') : showTime(lastSeenAt, clock.now()),
          told?.version ?? '',
          told === undefined ? '' : String(told.backlog.instances),
          told === undefined ? '' : showBytes(told.disk.freeBytes),
          name === ownName ? name : `${name} (${ownName})`,
        ]
      })
      const columns = titles.map((title) => ({ title: say(title) }))
      for (const line of formatTable(columns, rows)) terminal.print(line)
    })
}
