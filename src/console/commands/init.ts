import { mkdirSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { loadAgentSettings } from '../../config/agent-settings.ts'
import { newAgentFile } from '../../config/editing/example-file.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { keepFolderPrivate } from '../../platform/private-file.ts'
import { AGENT_FILE, newConfigPath, newDataFolder } from '../session/config-file.ts'
import { makeConfigFolder } from '../session/config-folder.ts'
import { refuseToOverwrite } from '../session/output-file.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption, wholeNumber } from './options.ts'

interface NewDevice {
  readonly name: string
  readonly aeTitle: string
  readonly address?: string
}

interface InitOptions extends JsonOption {
  readonly aeTitle?: string
  readonly port?: number
  readonly dataFolder?: string
  readonly device: readonly NewDevice[]
}

export function addInit(program: Command, session: Session): void {
  const { say } = session
  program
    .command('init')
    .description(say('init.about'))
    .option('--ae-title <aet>', say('init.aeTitle'))
    .option('--port <port>', say('init.port'), wholeNumber(1, 65_535))
    .option('--data-folder <folder>', say('init.dataFolder'))
    .option('--device <device>', say('init.device'), collectDevice, [])
    .addOption(jsonOption(session))
    .action((options: InitOptions) => init(session, configOption(program), options))
}

async function init(session: Session, named: string | undefined, options: InitOptions): Promise<void> {
  const { terminal, say, language } = session
  const path = newConfigPath(session, named, AGENT_FILE)
  refuseToOverwrite(path, say)
  const { json, device: devices, ...rest } = options
  makeConfigFolder(path)
  const folder = rest.dataFolder ?? newDataFolder(path, AGENT_FILE)
  await writeDurably(path, newAgentFile({ ...rest, ...(folder && { dataFolder: folder }), devices }), 0o644)
  try {
    const { dataFolder } = loadAgentSettings(path, language)
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    keepFolderPrivate(dataFolder)
    if (json) printJson(session, { config: path, dataFolder })
    else terminal.print(say('init.done', { path }))
  } catch (error) {
    await unlink(path)
    throw error
  }
  terminal.say(say('init.names'))
  terminal.say(say('init.next'))
}

/** `CT1`, `CT1@10.0.0.5` or `CT room 1=CT1@10.0.0.5`; loading the written file checks them. */
function collectDevice(text: string, before: readonly NewDevice[]): NewDevice[] {
  const match = /^(?:([^=]+)=)?([^@=]+)(?:@(.+))?$/.exec(text)
  const [, name, aeTitle, address] = match ?? []
  if (aeTitle === undefined) throw new InvalidArgumentError('AET, AET@address, NAME=AET@address')
  return [...before, { name: name ?? aeTitle, aeTitle, ...(address && { address }) }]
}
