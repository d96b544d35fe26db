import { mkdirSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { type AgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { type NewAgentFile, newAgentFile } from '../../config/editing/example-file.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { keepFolderPrivate } from '../../platform/private-file.ts'
import type { Language } from '../language/language.ts'
import {
  AGENT_FILE,
  existingConfig,
  findConfig,
  newConfigPath,
  newDataFolder,
  pathsOfSystem,
} from './config-file.ts'
import { makeConfigFolder } from './config-folder.ts'
import type { Session } from './session.ts'

/**
 * Writes a commented configuration of the agent and makes its data folder. The file is removed again if its values
 * are not good: throws CONFIG_INVALID, or STORAGE_ERROR.
 */
export async function writeNewConfig(
  path: string,
  choices: NewAgentFile,
  language: Language,
): Promise<AgentSettings> {
  makeConfigFolder(path)
  const dataFolder = choices.dataFolder ?? newDataFolder(path, AGENT_FILE)
  await writeDurably(path, newAgentFile({ ...choices, ...(dataFolder && { dataFolder }) }), 0o644)
  try {
    const settings = loadAgentSettings(path, language)
    mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 })
    keepFolderPrivate(settings.dataFolder)
    return settings
  } catch (error) {
    await unlink(path)
    throw error
  }
}

/**
 * Returns the configuration of a service. An installed program whose configuration is missing at its place of the system
 * writes the default one there, so that the service starts before it is set up. Otherwise throws CONFIG_INVALID as
 * findConfig does.
 */
export async function configOfService(
  session: Session,
  named: string | undefined,
): Promise<{ file: string; isNew: boolean }> {
  const { isInstalled, configFile } = pathsOfSystem(AGENT_FILE)
  const isMissing = existingConfig(session, named, AGENT_FILE) === undefined
  if (!isMissing || !isInstalled || newConfigPath(session, named, AGENT_FILE) !== configFile)
    return { file: findConfig(session, named, AGENT_FILE), isNew: false }
  await writeNewConfig(configFile, {}, session.language)
  return { file: configFile, isNew: true }
}
