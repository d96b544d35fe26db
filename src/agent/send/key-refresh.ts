import type { Clock } from '../../platform/clock.ts'
import { describe, Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { askAgent } from './ask-agent.ts'
import type { CenterAccount } from './center-account.ts'
import type { CenterClient } from './center-client.ts'

const EVERY_MS = 60 * 60_000
const AFTER_FAILURE_MS = 5 * 60_000

export interface KeyRefreshParts {
  account: CenterAccount
  client: CenterClient
  clock: Clock
  log: Log
  /** A newer key list is in force. */
  renewed: () => void
}

/** Learns the center's newer key lists, hour by hour, so that keys can be changed before old ones end. */
export class KeyRefresh {
  readonly #parts: KeyRefreshParts

  constructor(parts: KeyRefreshParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (!signal.aborted) {
      const delay = (await this.#learn(signal)) ? EVERY_MS : AFTER_FAILURE_MS
      await clock.sleep(delay, signal).catch(() => {})
    }
  }

  async #learn(signal: AbortSignal): Promise<boolean> {
    const { account, client, log, renewed } = this.#parts
    try {
      const { keys } = await askAgent(client, signal)
      if ((await account.learnKeys(keys)) === 'new') {
        log.info('center announced new keys', { version: account.keyList().version })
        renewed()
      }
      return true
    } catch (error) {
      const isForged = error instanceof Failure && error.code === 'SIGNATURE_INVALID'
      if (isForged) log.error('key list not believed', { code: error.code, reason: error.message })
      else if (!signal.aborted) log.debug('center keys not asked for', { reason: describe(error) })
      return false
    }
  }
}
