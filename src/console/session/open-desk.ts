import { OperatorDesk } from '../../center/operate/operator.ts'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { CENTER_FILE, findConfig } from './config-file.ts'
import { osUser } from './os-user.ts'
import type { Session } from './session.ts'

/**
 * The operator's desk of the center that the configuration names. It has a file of its own, since `ferry` must not load the
 * code of the center with `config-file.ts`.
 */
export function openDesk(session: Session, config: string | undefined): Promise<OperatorDesk> {
  const configFile = findConfig(session, config, CENTER_FILE)
  const { dataFolder: folder, publicUrl, tls } = loadCenterSettings(configFile, session.language)
  const user = osUser(session.terminal)
  return OperatorDesk.open({ folder, configFile, publicUrl, ...(tls && { tls }), user, clock: session.clock })
}
