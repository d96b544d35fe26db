import type { Command } from 'commander'
import { startCenter } from '../../center/center.ts'
import { observeCenter } from '../../center/operate/observe-center.ts'
import { OperatorDesk } from '../../center/operate/operator.ts'
import { loadCenterSettings } from '../../config/center-settings.ts'
import { openTarget } from '../../messages/targets/open-target.ts'
import { allowManyFileOperations } from '../../platform/process/io-threads.ts'
import { ownVersion } from '../../platform/process/own-version.ts'
import { keepCenterPageOpen } from '../center-web/keep-center-page-open.ts'
import { configOption } from '../commands/options.ts'
import { openServiceLog } from '../logs/log-place.ts'
import { keepMetricsOpen } from '../monitoring/keep-metrics-open.ts'
import { MonitoredCenter } from '../monitoring/monitored-center.ts'
import { CENTER_FILE, findConfig } from '../session/config-file.ts'
import { takeLostErrors } from '../session/last-resort.ts'
import { type Session, untilAborted } from '../session/session.ts'
import { centerMessage } from '../views/alarm-message.ts'
import { serviceNotice } from '../views/service-notice.ts'

export function addCenterRun(program: Command, session: Session): void {
  const { say, terminal, clock, signal } = session
  program
    .command('run')
    .description(say('centerRun.about'))
    .action(async () => {
      allowManyFileOperations()
      const configFile = findConfig(session, configOption(program), CENTER_FILE)
      const settings = loadCenterSettings(configFile, session.language, { withFiles: true })
      const { dataFolder, log: logSettings, tls, pacs, metrics, messages, page: _, ...rest } = settings
      const log = openServiceLog(logSettings, 'ferry-center', terminal.environment)
      await using stack = new AsyncDisposableStack()
      stack.use(takeLostErrors(log, clock))
      const told = {
        targets: messages.targets.map((target) => openTarget(target, clock)),
        times: messages,
        compose: centerMessage(settings.name, messages.language),
      }
      const extra = { ...(tls && { tls }), ...(pacs && { pacs }), messages: told }
      const options = { ...rest, folder: dataFolder, configFile, ...extra }
      const center = stack.use(await startCenter({ ...options, clock, log }))
      const check = async (): Promise<string> => {
        const isStoreThere = await center.selfCheck()
        return say(isStoreThere ? 'service.centerWorks' : 'service.centerWaits', { port: center.port })
      }
      const observe = () =>
        observeCenter({ ...rest, folder: dataFolder, configFile, ...(tls && { tls }), clock })
      const monitored = new MonitoredCenter({ center, observe, reserveBytes: rest.limits.reserveBytes })
      const where = { folder: dataFolder, configFile, publicUrl: rest.publicUrl, ...(tls && { tls }), clock }
      const { reserveBytes } = rest.limits
      const facts = {
        observe,
        openDesk: (user = 'page') => OperatorDesk.open({ ...where, user }),
        reserveBytes,
        version: ownVersion(),
      }
      stack.use(keepCenterPageOpen({ settings, facts, clock, log }))
      stack.use(keepMetricsOpen({ settings: metrics, monitored, clock, log }))
      stack.use(await serviceNotice(session, log).ready(check))
      await untilAborted(signal)
      terminal.say(say('run.stopping'))
    })
}
