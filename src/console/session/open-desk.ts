import { OperatorDesk } from '../../center/operate/operator.ts'
import { centerSettings } from './config-file.ts'
import type { Session } from './session.ts'

/** The operator's desk of the center that the configuration names. */
export function openDesk(session: Session, config: string | undefined): Promise<OperatorDesk> {
  const { dataFolder: folder, publicUrl, tls } = centerSettings(session, config)
  return OperatorDesk.open({ folder, publicUrl, ...(tls && { tls }), clock: session.clock })
}
