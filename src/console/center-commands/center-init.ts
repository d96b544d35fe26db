import { unlink } from 'node:fs/promises'
import type { Command } from 'commander'
import { initCenter } from '../../center/keys/center-keys.ts'
import { checkUnusedFolder } from '../../center/keys/check-center-folder.ts'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { newCenterFile } from '../../config/editing/example-file.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { configOption, type JsonOption, jsonOption, wholeNumber } from '../commands/options.ts'
import { CENTER_FILE, newConfigPath, newDataFolder } from '../session/config-file.ts'
import { makeConfigFolder } from '../session/config-folder.ts'
import { noteIdentity } from '../session/note-identity.ts'
import { refuseToOverwrite } from '../session/output-file.ts'
import { recoveryKeyOutput } from '../session/recovery-key-output.ts'
import { printJson, type Session } from '../session/session.ts'

interface CenterInitOptions extends JsonOption {
  readonly name: string
  readonly publicUrl: string
  readonly port?: number
  readonly dataFolder?: string
  readonly recoveryKey?: string
}

export function addCenterInit(program: Command, session: Session): void {
  const { say } = session
  program
    .command('init')
    .description(say('centerInit.about'))
    .requiredOption('--name <name>', say('centerInit.name'))
    .requiredOption('--public-url <url>', say('centerInit.publicUrl'))
    .option('--port <port>', say('centerInit.port'), wholeNumber(1, 65_535))
    .option('--data-folder <folder>', say('init.dataFolder'))
    .option('--recovery-key <file>', say('recoveryKey.option'))
    .addOption(jsonOption(session))
    .action((options: CenterInitOptions) => init(session, configOption(program), options))
}

async function init(session: Session, named: string | undefined, options: CenterInitOptions): Promise<void> {
  const { terminal, say, language, clock } = session
  const path = newConfigPath(session, named, CENTER_FILE)
  refuseToOverwrite(path, say)
  const { json, recoveryKey: _, ...choices } = options
  const output = recoveryKeyOutput(session, options)
  makeConfigFolder(path)
  const folder = choices.dataFolder ?? newDataFolder(path, CENTER_FILE)
  await writeDurably(path, newCenterFile({ ...choices, ...(folder && { dataFolder: folder }) }), 0o644)
  try {
    const { dataFolder, publicUrl, name } = loadCenterSettings(path, language)
    await checkUnusedFolder(dataFolder, path)
    const { center } = await initCenter(dataFolder, publicUrl, clock.now(), output.handOut)
    await noteIdentity(session, path, { dataFolder, fingerprint: center, center: name })
    if (json) printJson(session, { config: path, dataFolder, center, recoveryKey: output.path })
  } catch (error) {
    await unlink(path)
    throw error
  }
  if (output.path !== undefined) terminal.say(say('recoveryKey.written', { path: output.path }))
  terminal.say(say('init.done', { path }))
  terminal.say(say('centerInit.next'))
}
