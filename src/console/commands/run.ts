import type { Command } from 'commander'
import type { RunningAgent } from '../../agent/agent.ts'
import { type AgentSettings, checkAgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { settingsOf } from '../../config/checks/check-settings.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { allowManyFileOperations } from '../../platform/process/io-threads.ts'
import { keepYoungGenerationSmall } from '../../platform/process/young-generation.ts'
import { takeLostErrors } from '../session/last-resort.ts'
import { type Session, untilAborted } from '../session/session.ts'
import { configOfService } from '../session/write-new-config.ts'
import { assessHealth } from '../views/health.ts'
import { serviceNotice } from '../views/service-notice.ts'
import { headlineOf } from '../views/status-view.ts'
import { configOption } from './options.ts'

const PAGE_AGAIN_MS = 30_000

export function addRun(program: Command, session: Session): void {
  const { say, terminal, clock, signal, language } = session
  program
    .command('run')
    .description(say('run.about'))
    .action(async () => {
      allowManyFileOperations()
      keepYoungGenerationSmall()
      const { file, isNew } = await configOfService(session, configOption(program))
      const checked = checkAgentSettings(file, { withFiles: true })
      let settings = settingsOf(checked, file, language)
      // Loaded on demand: `ferry status` does not have to wait for the code of the agent.
      const { CenterAccount } = await import('../../agent/send/center-account.ts')
      CenterAccount.checkFolder(settings.dataFolder, file)
      const { startAgent } = await import('../../agent/agent.ts')
      const { openServiceLog } = await import('../logs/log-place.ts')
      const log = openServiceLog(settings.log, 'ferry', terminal.environment)
      if (isNew) log.info('no configuration was there; a default one was written', { file })
      if (checked.encoding !== 'utf-8')
        log.warn('configuration is not UTF-8', { file, readAs: checked.encoding })
      using stack = new DisposableStack()
      stack.use(takeLostErrors(log, clock))
      const notice = serviceNotice(session, log)
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
        running.use(await openPage({ settings, file }, agent, session, log))
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

/** The page is a convenience: while its port is taken, images go on, the status says so, and the port is tried again. */
async function openPage(
  { settings, file }: { settings: AgentSettings; file: string },
  { service }: RunningAgent,
  { say, terminal, clock }: Session,
  log: Log,
): Promise<AsyncDisposable> {
  const where = settings.statusPage
  const stop = new AbortController()
  const held = new AsyncDisposableStack()
  const tryOnce = async (): Promise<boolean> => {
    if (where === undefined) return true
    const { startStatusPage } = await import('../web/status-page.ts')
    const { SetupDesk } = await import('../web/setup-desk.ts')
    try {
      const desk = held.use(new SetupDesk({ settings, file, service, clock, log }))
      const page = held.use(await startStatusPage({ ...where, service, desk, clock, log }))
      service.pageIsOpen(() => page.newLink())
      terminal.say(say('run.page', { url: page.url }))
      return true
    } catch (error) {
      const { code, message } = failureFrom(error, 'PORT_IN_USE', 'opening the status page')
      log.error('no status page', { code, reason: message })
      service.pageIsClosed(message)
      return false
    }
  }
  const tryAgain = async (isOpen: boolean): Promise<void> => {
    for (let isDone = isOpen; !isDone; isDone = await tryOnce()) await clock.sleep(PAGE_AGAIN_MS, stop.signal)
    service.pageIsClosed(undefined)
  }
  const trying = tryAgain(await tryOnce()).catch(() => {})
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await trying
      await held.disposeAsync()
    },
  }
}
