import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { CONTROL_PATHS, pageLinkSchema } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { osUser } from '../session/os-user.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface OpenOptions extends JsonOption {
  readonly print?: true
}

export function addOpen(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('open')
    .description(say('open.about'))
    .option('--print', say('open.print'))
    .addOption(jsonOption(session))
    .action(async ({ json, print }: OpenOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const user = new URLSearchParams({ user: osUser(terminal) })
      const { value } = await client.call(
        pageLinkSchema,
        'POST',
        `${CONTROL_PATHS.pageLink}?${user.toString()}`,
      )
      if (json) return printJson(session, value)
      terminal.print(value.url)
      // The Start menu of Windows has no terminal that could show the link.
      if (!print && process.platform === 'win32') showInBrowser(value.url)
    })
}

/**
 * No shell is between: the link is one argument. Only on Windows: elsewhere every user of the machine can read the
 * arguments of a process, and could follow the link first.
 */
function showInBrowser(url: string): void {
  const child = spawn('rundll32.exe', ['url.dll,FileProtocolHandler', url], {
    detached: true,
    stdio: 'ignore',
  })
  child.on('error', () => {})
  child.unref()
}
