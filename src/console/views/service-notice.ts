import type { Log } from '../../platform/log.ts'
import { SystemdNotice } from '../../platform/systemd-notice.ts'
import type { Session } from '../session/session.ts'
import { showTime } from './show-values.ts'

/** Tells the service manager, if there is one, how this program does, in the words of the session. */
export function serviceNotice({ terminal, clock, signal, say, causes }: Session, log: Log): SystemdNotice {
  const time = (): string => showTime(clock.now(), clock.now())
  const words = {
    started: () => say('service.started'),
    working: (state: string) => say('service.working', { state, time: time() }),
    failing: (reason: string) => say('service.failing', { reason: causes(reason), time: time() }),
    restarting: () => say('service.restarting'),
    stopping: () => say('run.stopping'),
  }
  return new SystemdNotice({ environment: terminal.environment, words, clock, log, signal })
}
