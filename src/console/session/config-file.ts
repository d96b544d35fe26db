import { lstatSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type AgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { type CenterSettings, loadCenterSettings } from '../../config/center-settings.ts'
import { Failure, systemCode } from '../../platform/failure.ts'
import type { Session } from './session.ts'

export const AGENT_FILE = 'ferry.yaml'
export const CENTER_FILE = 'center.yaml'

type Environment = Readonly<Record<string, string | undefined>>

/** Where the packages put the configuration. */
export function systemConfigFolder(environment: Environment): string {
  if (process.platform !== 'win32') return '/etc/ferry'
  return join(environment['ProgramData'] ?? 'C:\\ProgramData', 'Ferry')
}

/** Returns the named file, or the first one that exists. Throws CONFIG_INVALID if there is none. */
export function findConfig({ terminal, say }: Session, named: string | undefined, file: string): string {
  const { environment, folder } = terminal
  const explicit = named ?? environment['FERRY_CONFIG']
  if (explicit !== undefined) return resolve(folder, explicit)
  const candidates = [resolve(folder, file), join(systemConfigFolder(environment), file)]
  const found = candidates.find((path) => mayBeThere(path))
  if (found !== undefined) return found
  throw new Failure('CONFIG_INVALID', say('config.missing', { paths: candidates.join(', ') }))
}

/** Also if the folder may not be looked into: reading the file says so better than looking for another one. */
function mayBeThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    return systemCode(error) !== 'ENOTDIR'
  }
}

/** Where a new file is written. */
export function newConfigPath({ terminal }: Session, named: string | undefined, file: string): string {
  return resolve(terminal.folder, named ?? terminal.environment['FERRY_CONFIG'] ?? file)
}

export function agentSettings(session: Session, named: string | undefined): AgentSettings {
  return loadAgentSettings(findConfig(session, named, AGENT_FILE), session.language)
}

export function centerSettings(session: Session, named: string | undefined): CenterSettings {
  return loadCenterSettings(findConfig(session, named, CENTER_FILE), session.language)
}
