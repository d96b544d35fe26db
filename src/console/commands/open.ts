import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { CONTROL_PATHS, pageLinkSchema } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
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
      const { value } = await client.call(pageLinkSchema, 'POST', CONTROL_PATHS.pageLink)
      if (json) return printJson(session, value)
      terminal.print(value.url)
      // The Start menu of Windows has no terminal that could show the link.
      if (!print && (terminal.isTerminal || process.platform === 'win32'))
        showInBrowser(value.url, terminal.environment)
    })
}

/** No shell is between: the link is one argument. Where there is no browser, the printed link is enough. */
function showInBrowser(url: string, environment: Readonly<Record<string, string | undefined>>): void {
  const isWindows = process.platform === 'win32'
  if (!isWindows && environment['DISPLAY'] === undefined && environment['WAYLAND_DISPLAY'] === undefined)
    return
  const [program, ...args] = isWindows
    ? ['rundll32.exe', 'url.dll,FileProtocolHandler', url]
    : ['xdg-open', url]
  const child = spawn(program ?? '', args, { detached: true, stdio: 'ignore' })
  child.on('error', () => {})
  child.unref()
}
