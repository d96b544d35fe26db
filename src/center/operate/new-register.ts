import { Failure } from '../../platform/failure.ts'
import { lockFolder } from '../../platform/folder-lock.ts'
import { readCenterKeys } from '../keys/center-keys.ts'
import { checkCenterIdentity } from '../keys/check-center-folder.ts'
import { hasRegister, REGISTER_FILE } from '../register/register-file.ts'
import { openRegister } from '../register/sqlite/open-register.ts'

/**
 * Creates an empty register for a center whose register is lost and has no backup. The center's keys stay, so agents
 * join again with their existing keys. Throws DATA_FOLDER_CHANGED for another center's folder, ALREADY_RUNNING, and
 * FILE_EXISTS if there is a register.
 */
export async function makeNewRegister(folder: string, nowMs: number, configFile: string): Promise<void> {
  const { root } = await readCenterKeys(folder, nowMs)
  checkCenterIdentity(folder, root.kid, configFile)
  using _ = lockFolder(folder, 'center')
  if (hasRegister(folder))
    throw new Failure(
      'FILE_EXISTS',
      `making a new register: ${folder} has a ${REGISTER_FILE}, which stays as it is`,
    )
  openRegister(folder).close()
}
