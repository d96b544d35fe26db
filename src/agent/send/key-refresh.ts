import { randomBytes } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { describe, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import type { Alarms } from '../queue/alarms.ts'
import { askAgent, type Welcome } from './ask-agent.ts'
import type { CenterAccount } from './center-account.ts'
import type { CenterClient } from './center-client.ts'

const EVERY_MS = 5 * 60_000

interface KeyRefreshOptions {
  account: CenterAccount
  client: CenterClient
  alarms: Alarms
  clock: Clock
  log: Log
  /** Called when a newer key list, or another center, is in force. */
  renewed: () => void
}

/**
 * Gets the center's newer key lists with every question to the center, at least every few minutes, so that a key is
 * known before it is used. Also notices if the agent joins a center again while it runs.
 */
export class KeyRefresh {
  readonly #options: KeyRefreshOptions
  readonly #wake: Wake
  /** Identifies this start of the agent. It is never written to the disk, so a copy of the disk cannot contain it. */
  readonly #run = randomBytes(16).toString('hex')

  constructor(options: KeyRefreshOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Looks now, because `ferry join` may have enrolled the agent. */
  wake(): void {
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    while (!signal.aborted) {
      await this.ask(signal).catch((error: unknown) => {
        if (!signal.aborted) log.debug('center keys not asked for', { reason: describe(error) })
      })
      await this.#wake.wait(EVERY_MS, signal)
    }
  }

  /** Asks the center for its view of this agent, and takes over the keys that it announces. Throws as askAgent does. */
  async ask(signal: AbortSignal): Promise<Welcome> {
    const { account, client, log, renewed } = this.#options
    if (account.reread()) {
      log.info('joined to a center', { ...account.address() })
      renewed()
    }
    const { center } = account.address()
    const welcome = await askAgent(client, this.#run, signal)
    // The answer of a center that the agent left meanwhile is signed by another root.
    if (account.address().center === center) {
      this.#tellClone(welcome)
      await this.#learn(welcome)
    }
    return welcome
  }

  async #learn({ keys }: Welcome): Promise<void> {
    const { account, alarms, log, renewed } = this.#options
    const known = account.keyList().version
    try {
      const learned = await account.learnKeys(keys)
      if (learned === 'older') return this.#tellOlder(known)
      alarms.clear('KEY_LIST_OLDER', 'center')
      if (learned === 'known') return
      renewed()
      const { version } = account.keyList()
      if (learned === 'new') log.info('center announced new keys', { version })
      else log.error('two key lists of one version: the later counts; was the center restored?', { version })
    } catch (error) {
      // Neither a forged list nor a full disk means that the center accepts nothing.
      const { code, message } = failureFrom(error, 'INTERNAL', 'taking over a key list')
      log.error('key list not taken over', { code, reason: message })
    }
  }

  #tellClone({ cloned }: Welcome): void {
    const { alarms, log } = this.#options
    const isRaised = alarms.list().some(({ code }) => code === 'AGENT_CLONED')
    if (cloned === isRaised) return
    if (!cloned) return alarms.clear('AGENT_CLONED', 'identity')
    const words = 'the center hears two machines in turns that use the key of this agent'
    alarms.raise('AGENT_CLONED', 'identity', words)
    log.error('another machine uses the key of this agent', { code: 'AGENT_CLONED' })
  }

  /** Raises an alarm: the center may have lost keys to which instances are sealed. */
  #tellOlder(version: number): void {
    const { alarms, log } = this.#options
    const words =
      `the center announces older keys than those known here (version ${version}): it was restored from a backup; ` +
      `at the center: ferry-center keys publish --above ${version}`
    const isRaised = alarms.list().some(({ code }) => code === 'KEY_LIST_OLDER')
    if (isRaised) return
    alarms.raise('KEY_LIST_OLDER', 'center', words)
    log.error('center announces an older key list', { code: 'KEY_LIST_OLDER', version })
  }
}
