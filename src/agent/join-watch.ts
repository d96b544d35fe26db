import type { Clock, Timer } from '../platform/clock.ts'
import { failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import type { CenterAccount } from './send/center-account.ts'

const LOOK_EVERY_MS = 500

interface JoinWatchOptions {
  account: CenterAccount
  clock: Clock
  log: Log
  /** Called when the agent belongs to a center: once, or again if it throws, which is logged. */
  joined: () => void
}

/**
 * Waits until the agent has joined a center, by `ferry join` or on its page: the enrolment then is a whole file in the
 * folder of keys. If the agent dies at any moment of this, the next start finds that file, or waits again.
 */
export class JoinWatch implements Disposable {
  readonly #options: JoinWatchOptions
  #timer: Timer | undefined

  constructor(options: JoinWatchOptions) {
    this.#options = options
    this.#wait()
  }

  #wait(): void {
    this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => this.#look())
  }

  #look(): void {
    const { account, log, joined } = this.#options
    try {
      account.reread()
      if (account.isEnrolled) return joined()
    } catch (error) {
      const { code, message } = failureFrom(
        error,
        'INTERNAL',
        'looking for a center that this agent has joined',
      )
      log.error('joining a center is not finished', { code, reason: message })
    }
    this.#wait()
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }
}
