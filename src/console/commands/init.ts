import type { Command } from 'commander'
import { AGENT_FILE, newConfigPath } from '../session/config-file.ts'
import { refuseToOverwrite } from '../session/output-file.ts'
import { printJson, type Session } from '../session/session.ts'
import { writeNewConfig } from '../session/write-new-config.ts'
import { collectDevice, type DeviceChoice } from '../setup/device-option.ts'
import { configOption, type JsonOption, jsonOption, wholeNumber } from './options.ts'

interface InitOptions extends JsonOption {
  readonly aeTitle?: string
  readonly port?: number
  readonly dataFolder?: string
  readonly device: readonly DeviceChoice[]
}

export function addInit(program: Command, session: Session): void {
  const { say } = session
  program
    .command('init')
    .description(say('init.about'))
    .option('--ae-title <aet>', say('init.aeTitle'))
    .option('--port <port>', say('init.port'), wholeNumber(1, 65_535))
    .option('--data-folder <folder>', say('init.dataFolder'))
    .option('--device <device>', say('init.device'), collectDevice(say), [])
    .addOption(jsonOption(session))
    .action((options: InitOptions) => init(session, configOption(program), options))
}

async function init(session: Session, named: string | undefined, options: InitOptions): Promise<void> {
  const { terminal, say, language } = session
  const path = newConfigPath(session, named, AGENT_FILE)
  refuseToOverwrite(path, say)
  const { json, device: devices, ...rest } = options
  const { dataFolder } = await writeNewConfig(path, { ...rest, devices }, language)
  if (json) printJson(session, { config: path, dataFolder })
  else terminal.print(say('init.done', { path }))
  terminal.say(say('init.names'))
  terminal.say(say('init.next'))
}
