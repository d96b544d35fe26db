import type { Command } from 'commander'
import type { RunningAgent } from '../../agent/agent.ts'
import { checkAgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { settingsOf } from '../../config/checks/check-settings.ts'
import { allowManyFileOperations } from '../../platform/process/io-threads.ts'
import { takeLostErrors } from '../session/last-resort.ts'
import { type Session, untilAborted } from '../session/session.ts'
import { configOfService } from '../session/write-new-config.ts'
import { assessHealth } from '../views/health.ts'
import { serviceNotice } from '../views/service-notice.ts'
import { headlineOf } from '../views/status-view.ts'
import { configOption } from './options.ts'

export function addRun(program: Command, session: Session): void {
  const { say, terminal, clock, signal, language } = session
  program
    .command('run')
    .description(say('run.about'))
    .action(async () => {
      allowManyFileOperations()
      const { file, isNew } = await configOfService(session, configOption(program))
      const checked = checkAgentSettings(file, { withFiles: true })
      let settings = settingsOf(checked, file, language)
      // Loaded on demand: `ferry status` does not have to wait for the code of the agent.
      const { CenterAccount } = await import('../../agent/send/center-account.ts')
      CenterAccount.checkFolder(settings.dataFolder, file)
      const { startAgent } = await import('../../agent/agent.ts')
      const { rehearseSealing } = await import('../../agent/envelope/rehearse-sealing.ts')
      const { openServiceLog } = await import('../logs/log-place.ts')
      const { keepPageOpen } = await import('../web/keep-page-open.ts')
      const { keepMetricsOpen } = await import('../monitoring/keep-metrics-open.ts')
      const { MonitoredAgent } = await import('../monitoring/monitored-agent.ts')
      const { RecentLines } = await import('../web/recent-lines.ts')
      const log = new RecentLines(openServiceLog(settings.log, 'ferry', terminal.environment), clock)
      if (isNew) log.info('no configuration was there; a default one was written', { file })
      if (checked.encoding !== 'utf-8')
        log.warn('configuration is not UTF-8', { file, readAs: checked.encoding })
      using stack = new DisposableStack()
      stack.use(takeLostErrors(log, clock))
      const notice = serviceNotice(session, log)
      rehearseSealing()
      for (let isIndexSuspect = false; !signal.aborted; ) {
        await using running = new AsyncDisposableStack()
        const again = Promise.withResolvers<'again'>()
        const agent: RunningAgent = running.use(
          await startAgent(settings, {
            clock,
            log,
            credentialsFolder: terminal.environment['CREDENTIALS_DIRECTORY'],
            readSettings: () => loadAgentSettings(file, language),
            restart: () => {
              settings = loadAgentSettings(file, language)
              again.resolve('again')
            },
            isIndexSuspect,
          }),
        )
        running.use(
          await keepPageOpen(
            { settings, file, service: agent.service, clock, log, recent: () => log.lines },
            (url) => terminal.say(say('run.page', { url })),
          ),
        )
        const monitored = new MonitoredAgent(agent.service)
        running.use(keepMetricsOpen({ settings: settings.metrics, monitored, clock, log }))
        running.use(await notice.ready(() => checkAgent(agent, session)))
        session.ready?.()
        const damage = await Promise.race([untilAborted(signal), agent.indexDamaged, again.promise])
        isIndexSuspect = damage !== undefined && damage !== 'again'
        if (damage === 'again') continue
        if (damage === undefined) terminal.say(say('run.stopping'))
        else
          log.error('the index is damaged; the agent starts again', {
            code: damage.code,
            reason: damage.message,
          })
      }
    })
}

/** Checks that the agent does its work, and returns its state in one sentence. */
async function checkAgent(agent: RunningAgent, { say, language }: Session): Promise<string> {
  await agent.selfCheck()
  const status = agent.service.status()
  const { headline } = headlineOf(assessHealth(status, say, language), status.now, say)
  return say('service.agentWorks', { port: agent.port, headline })
}
