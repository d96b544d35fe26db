import { existsSync, statSync } from 'node:fs'
import { countUnconfirmed } from '../../agent/count-unconfirmed.ts'
import { dataFolderIn } from '../../config/data-folder-in.ts'
import { becomeUser } from '../../platform/process/become-user.ts'
import { systemPaths } from '../../platform/system-paths.ts'

/*
 * Started by the packages before they remove the agent: prints the number of instances that the center has not confirmed,
 * or `unknown`. It takes the data folder of the system's configuration, and acts as its owner.
 */
const paths = systemPaths('agent')
const named = existsSync(paths.configFile) ? dataFolderIn(paths.configFile) : undefined
const folder = named ?? paths.dataFolder
try {
  if (existsSync(folder)) {
    const { uid, gid } = statSync(folder)
    if (process.getuid?.() === 0 && uid !== 0) becomeUser({ uid, gid })
  }
  process.stdout.write(`${countUnconfirmed(folder)}\n`)
} catch (error) {
  process.stdout.write('unknown\n')
  process.stderr.write(`${String(error)}\n`)
}
