import type { RunningAgent } from '../../agent/agent.ts'
import { CenterAccount } from '../../agent/send/center-account.ts'
import { joinCenter } from '../../agent/send/join-center.ts'
import type { AgentSettings } from '../../config/agent-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Failure, failureFrom } from '../../platform/failure.ts'
import { writeIdentityNote } from '../../platform/identity-note.ts'
import type { Log } from '../../platform/log.ts'
import { parseJoinCode } from '../../protocol/join-code.ts'
import type { Language } from '../language/language.ts'
import { listDevice } from '../setup/list-device.ts'
import { ownAddresses } from '../setup/own-addresses.ts'

interface SetupDeskOptions {
  readonly settings: AgentSettings
  /** The configuration file, into which approved devices are written. */
  readonly file: string
  readonly service: RunningAgent['service']
  readonly clock: Clock
  readonly log: Log
}

/** How far the agent has come in joining: asking = the center has not answered yet; pending = it must approve. */
type JoiningState =
  | { readonly state: 'none' | 'asking' | 'pending' | 'joined' }
  | { readonly state: 'failed'; readonly failure: Failure }

type TestImageState = 'none' | 'waiting' | 'confirmed' | 'held'

/** The state of the first set-up, and the actions of its page. */
export class SetupDesk implements Disposable {
  readonly #options: SetupDeskOptions
  readonly #stop = new AbortController()
  #joining: JoiningState = { state: 'none' }
  #testStudy: string | undefined

  constructor(options: SetupDeskOptions) {
    this.#options = options
  }

  get service(): RunningAgent['service'] {
    return this.#options.service
  }

  get addresses(): string[] {
    return ownAddresses(this.#options.settings.listener.host)
  }

  get joining(): JoiningState {
    return this.service.status().center.url === null ? this.#joining : { state: 'joined' }
  }

  get testImage(): TestImageState {
    const found = this.#testStudy === undefined ? undefined : this.service.study(this.#testStudy)
    if (found === undefined) return 'none'
    if (found.study.held > 0) return 'held'
    return found.study.state === 'confirmed' ? 'confirmed' : 'waiting'
  }

  /** Begins to join, in place of an attempt that failed. Throws JOIN_CODE_INVALID. */
  join(text: string, name: string): void {
    const code = parseJoinCode(text)
    if (this.#joining.state === 'asking' || this.#joining.state === 'pending') return
    this.#joining = { state: 'asking' }
    void this.#join(code, name)
  }

  async #join(code: ReturnType<typeof parseJoinCode>, name: string): Promise<void> {
    const { settings, file, clock, log } = this.#options
    const { dataFolder } = settings
    let isEnrolled = false
    try {
      CenterAccount.checkFolder(dataFolder, file)
      const onPending = (): void => {
        this.#joining = { state: 'pending' }
      }
      const { signal } = this.#stop
      const { fingerprint, center } = await joinCenter({ dataFolder, code, name, clock, onPending, signal })
      // The agent has joined when it has noticed so itself: see joining.
      isEnrolled = true
      const since = new Date(clock.now()).toISOString()
      await writeIdentityNote(file, { since, dataFolder, fingerprint, center })
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const failure = failureFrom(error, 'INTERNAL', 'joining the center')
      log.error('joining a center failed', { code: failure.code, reason: failure.message })
      if (!isEnrolled) this.#joining = { state: 'failed', failure }
    }
  }

  /** Lists a device that has called, from the address from which it called, and serves it at once. */
  async approve(aeTitle: string, address: string, name: string, language: Language): Promise<void> {
    const named = name.trim() === '' ? {} : { name: name.trim() }
    await listDevice(this.#options.file, { aeTitle, address, ...named }, language)
    this.service.reloadDevices()
  }

  ignore(aeTitle: string, address: string): void {
    this.service.ignoreCaller({ aeTitle, address })
  }

  async sendTestImage(): Promise<void> {
    if (this.testImage === 'waiting') return
    this.#testStudy = (await this.service.testImage()).studyInstanceUid
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('the agent is stopping'))
  }
}
