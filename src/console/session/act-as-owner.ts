import { type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dataFolderIn } from '../../config/data-folder-in.ts'
import type { RightsOfRoot, UserIds } from '../../platform/process/become-user.ts'
import { type ConfigName, existingConfig, pathsOfSystem } from './config-file.ts'
import type { Session } from './session.ts'

/** The data folder if the configuration names none; relative to the file. */
const DEFAULT_FOLDERS: Readonly<Record<ConfigName, string>> = {
  'ferry.yaml': 'data',
  'center.yaml': 'center-data',
}

/**
 * Makes a command that root has started act as the owner of the data folder, so that no file of root's is left where the
 * service must write. Without a data folder, or if the folder is root's, the owner of the configuration decides: another
 * user's file must not direct root. Returns the configuration that was found with the rights of root; undefined for other
 * users, who keep theirs.
 */
export function actAsOwner(
  session: Session,
  named: string | undefined,
  file: ConfigName,
  rights: RightsOfRoot = 'given up',
): string | undefined {
  const { becomeUser } = session
  if (becomeUser === undefined || process.getuid?.() !== 0) return undefined
  const { isInstalled, configFile, dataFolder } = pathsOfSystem(file)
  const config = existingConfig(session, named, file)
  const unconfigured = isInstalled ? ownerOf(dataFolder) : undefined
  const owner = config === undefined ? unconfigured : ownerFor(config, file)
  if (owner === undefined || owner.uid === 0) return undefined
  becomeUser(owner, rights)
  return config ?? named ?? configFile
}

function ownerFor(config: string, file: ConfigName): UserIds | undefined {
  const dataFolder = folderIn(config) ?? join(dirname(config), DEFAULT_FOLDERS[file])
  const owner = ownerOf(dataFolder)
  return owner === undefined || owner.uid === 0 ? ownerOf(config) : owner
}

/** A file that cannot be read is reported by the command itself. */
function folderIn(config: string): string | undefined {
  try {
    return dataFolderIn(config)
  } catch {
    return undefined
  }
}

function ownerOf(path: string): UserIds | undefined {
  let found: Stats
  try {
    found = statSync(path)
  } catch {
    return undefined
  }
  return { uid: found.uid, gid: found.gid }
}
