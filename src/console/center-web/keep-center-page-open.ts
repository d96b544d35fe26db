import { readIdentity } from '../../center/keys/center-identity.ts'
import { openRegister } from '../../center/register/sqlite/open-register.ts'
import type { CenterSettings } from '../../config/center-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import { isLoopback } from '../../platform/http/peer-address.ts'
import type { Log } from '../../platform/log.ts'
import { startCenterPage } from './center-page.ts'
import type { PageFacts } from './page-desk.ts'

const AGAIN_MS = 30_000

interface KeepCenterPageOptions {
  readonly settings: CenterSettings
  readonly facts: PageFacts
  readonly clock: Clock
  readonly log: Log
}

/**
 * Serves the center's page, if there is to be one, until it is disposed of. The page is a convenience: while its port is
 * taken the center works on, and the port is tried again.
 */
export function keepCenterPageOpen({ settings, facts, clock, log }: KeepCenterPageOptions): AsyncDisposable {
  const { page: where, dataFolder, tls: files } = settings
  const stop = new AbortController()
  const held = new AsyncDisposableStack()
  const openOnce = async ({ host, port }: NonNullable<typeof where>): Promise<void> => {
    const tls = isLoopback(host) ? undefined : (await readIdentity(dataFolder, clock.now(), files)).tls
    const register = held.adopt(openRegister(dataFolder), (it) => it.close())
    const { accounts } = register
    const parts = { host, port, tls, facts, accounts, clock, log }
    held.use(await startCenterPage(parts))
  }
  const open = async (page: NonNullable<typeof where>): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        return await openOnce(page)
      } catch (error) {
        const { code, message } = failureFrom(error, 'PORT_IN_USE', "opening the center's page")
        log.error('no page is served', { code, reason: message })
      }
      await clock.sleep(AGAIN_MS, stop.signal).catch(() => {})
    }
  }
  const opening = where === undefined ? undefined : open(where)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await opening
      await held.disposeAsync()
    },
  }
}
