import { failureFrom } from '../../platform/failure.ts'
import { PageImports } from './page-import.ts'
import { SetupDesk, type SetupDeskOptions } from './setup-desk.ts'
import { type StatusPageOptions, startStatusPage } from './status-page.ts'

const AGAIN_MS = 30_000

/**
 * Serves the page while the agent runs. The page is a convenience: while its port is taken, images go on, the status says
 * so, and the port is tried again. The set-up goes on as well, also if the configuration wants no page.
 */
export async function keepPageOpen(
  options: SetupDeskOptions & Pick<StatusPageOptions, 'recent'>,
  opened: (url: string) => void,
): Promise<AsyncDisposable> {
  const { settings, service, clock, log, recent } = options
  const where = settings.statusPage
  const stop = new AbortController()
  const held = new AsyncDisposableStack()
  // One for all tries: each would go on with a join that waits.
  const desk = held.use(new SetupDesk(options))
  const imports = held.use(new PageImports({ service, limits: settings.import, clock, log }))
  const tryOnce = async (): Promise<boolean> => {
    if (where === undefined) return true
    try {
      const page = held.use(
        await startStatusPage({ ...where, service, desk, imports, clock, log, ...(recent && { recent }) }),
      )
      service.pageIsOpen((osUser) => page.newLink(osUser))
      opened(page.url)
      return true
    } catch (error) {
      const { code, message } = failureFrom(error, 'PORT_IN_USE', 'opening the status page')
      log.error('no status page', { code, reason: message })
      service.pageIsClosed(message)
      return false
    }
  }
  const tryAgain = async (isOpen: boolean): Promise<void> => {
    for (let isDone = isOpen; !isDone; isDone = await tryOnce()) await clock.sleep(AGAIN_MS, stop.signal)
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
