import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { type AgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { type CenterSettings, loadCenterSettings } from '../../config/center-settings.ts'
import { Failure, systemCode } from '../../platform/failure.ts'
import { type SystemPaths, systemPaths } from '../../platform/system-paths.ts'
import type { Session } from './session.ts'

export const AGENT_FILE = 'ferry.yaml' as const
export const CENTER_FILE = 'center.yaml' as const

/** The configuration file of the agent, or of the center. */
export type ConfigName = typeof AGENT_FILE | typeof CENTER_FILE

/** Returns the places that the package of this program uses. */
export function pathsOfSystem(file: ConfigName): SystemPaths {
  return systemPaths(file === AGENT_FILE ? 'agent' : 'center')
}

/** Returns the named file, or the first one that exists. Throws CONFIG_INVALID if there is none. */
export function findConfig(session: Session, named: string | undefined, file: ConfigName): string {
  const explicit = explicitConfig(session, named)
  if (explicit !== undefined) return explicit
  const candidates = usualConfigs(session, file)
  const found = candidates.find((path) => mayBeThere(path))
  if (found !== undefined) return found
  throw new Failure('CONFIG_INVALID', session.say('config.missing', { paths: candidates.join(', ') }))
}

/** Returns the file that `findConfig` would return; undefined if it does not exist. */
export function existingConfig(
  session: Pick<Session, 'terminal'>,
  named: string | undefined,
  file: ConfigName,
): string | undefined {
  const explicit = explicitConfig(session, named)
  return (explicit === undefined ? usualConfigs(session, file) : [explicit]).find((path) => mayBeThere(path))
}

function explicitConfig(
  { terminal }: Pick<Session, 'terminal'>,
  named: string | undefined,
): string | undefined {
  const explicit = named ?? terminal.environment['FERRY_CONFIG']
  return explicit === undefined ? undefined : resolve(terminal.folder, explicit)
}

/**
 * An installed program does not look into the current folder: anyone can put a file there for the administrator who comes
 * by, whose command would then read and write what that file names.
 */
function usualConfigs({ terminal }: Pick<Session, 'terminal'>, file: ConfigName): string[] {
  const { isInstalled, configFile } = pathsOfSystem(file)
  return isInstalled ? [configFile] : [resolve(terminal.folder, file), configFile]
}

/** Also if the folder may not be looked into: reading the file says so better than looking for another one. */
function mayBeThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    return systemCode(error) !== 'ENOTDIR'
  }
}

/** Returns the path of a new file. An installed program uses its place of the system. */
export function newConfigPath(session: Session, named: string | undefined, file: ConfigName): string {
  const { isInstalled, configFile } = pathsOfSystem(file)
  const usual = isInstalled ? configFile : resolve(session.terminal.folder, file)
  return explicitConfig(session, named) ?? usual
}

/** Returns the data folder that a new configuration at this path must name; undefined if the default beside it is right. */
export function newDataFolder(path: string, file: ConfigName): string | undefined {
  const { configFile, dataFolder } = pathsOfSystem(file)
  return path === configFile ? dataFolder : undefined
}

export function agentSettings(session: Session, named: string | undefined): AgentSettings {
  return loadAgentSettings(findConfig(session, named, AGENT_FILE), session.language)
}

export function centerSettings(session: Session, named: string | undefined): CenterSettings {
  return loadCenterSettings(findConfig(session, named, CENTER_FILE), session.language)
}
