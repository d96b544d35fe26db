import type { RunningAgent } from '../../agent/agent.ts'
import { type AgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { type JoinCode, parseJoinCode } from '../../protocol/join-code.ts'
import { causesIn } from '../language/cause-text.ts'
import { type Language, speak } from '../language/language.ts'
import { joinByCode } from '../setup/join-by-code.ts'
import { listDevice } from '../setup/list-device.ts'
import { ownAddresses } from '../setup/own-addresses.ts'
import { pendingJoin, rememberJoin } from '../setup/pending-join.ts'

export interface SetupDeskOptions {
  readonly settings: AgentSettings
  /** The configuration file, into which approved devices are written. */
  readonly file: string
  readonly service: RunningAgent['service']
  readonly clock: Clock
  readonly log: Log
}

/** A browser with a session of `ferry open`: the trail has who made its link. */
const BY_PAGE = { user: 'page', address: '127.0.0.1' } as const
/** Pause before joining is tried again. */
const AGAIN_MS = 15_000

/** How far the agent has come in joining: asking = the center has not answered yet; pending = it must approve. */
type JoiningState =
  | { readonly state: 'none' | 'asking' | 'pending' | 'joined' }
  | { readonly state: 'failed'; readonly failure: Failure }

type TestImageState = 'none' | 'waiting' | 'confirmed' | 'held'

/** The state of the first set-up, and the actions of its page. */
export class SetupDesk implements Disposable {
  readonly #options: SetupDeskOptions
  #attempt: AbortController | undefined
  #joining: JoiningState = { state: 'none' }
  #testStudy: string | undefined

  constructor(options: SetupDeskOptions) {
    this.#options = options
    const pending = this.joining.state === 'joined' ? undefined : pendingJoin(options.settings.dataFolder)
    if (pending !== undefined) this.#begin(pending.code, pending.name)
  }

  get service(): RunningAgent['service'] {
    return this.#options.service
  }

  /** Devices of the configuration, as it is now. */
  listedDevices(language: Language): AgentSettings['devices'] {
    return loadAgentSettings(this.#options.file, language).devices
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

  /**
   * Begins to join, in place of an attempt that failed; goes on after a restart. Throws JOIN_CODE_INVALID, and
   * ALREADY_JOINED for an agent of a center: only `ferry join` moves it to another one.
   */
  async join(text: string, name: string): Promise<void> {
    const { url } = this.service.status().center
    if (url !== null)
      throw new Failure(
        'ALREADY_JOINED',
        `joining a center: this agent belongs to the center at ${new URL(url).host}`,
      )
    const code = parseJoinCode(text)
    if (this.#joining.state === 'asking' || this.#joining.state === 'pending') return
    await rememberJoin(this.#options.settings.dataFolder, { code: text, name })
    this.#begin(code, name)
  }

  #begin(code: JoinCode, name: string): void {
    this.#attempt?.abort()
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#joining = { state: 'asking' }
    void this.#keepJoining(code, name, attempt.signal)
  }

  /** Tries again while the line or the center does not work: after a power cut the PC may be up before the network. */
  async #keepJoining(code: JoinCode, name: string, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      try {
        return await this.#join(code, name, signal)
      } catch (error) {
        if (signal.aborted) return
        const failure = failureFrom(error, 'INTERNAL', 'joining the center')
        log.error('joining a center failed', { code: failure.code, reason: failure.message })
        this.#joining = { state: 'failed', failure }
        if (failure.remedy !== 'wait') return
        await clock.sleep(AGAIN_MS, signal).catch(() => {})
      }
    }
  }

  async #join(code: JoinCode, name: string, signal: AbortSignal): Promise<void> {
    const { settings, file, clock, log } = this.#options
    const onPending = (): void => {
      this.#joining = { state: 'pending' }
    }
    const onNotNoted = ({ code: failed, message }: Failure): void =>
      log.warn('the identity is not noted beside the configuration', { code: failed, reason: message })
    const { dataFolder } = settings
    // The agent has joined when it has noticed so itself: see joining.
    const { user } = BY_PAGE
    await joinByCode({ dataFolder, file, code, name, clock, user, onPending, onNotNoted, signal })
  }

  /** Lists a device that has called, from the address from which it called, and serves it at once. */
  async approve(aeTitle: string, address: string, name: string, language: Language): Promise<void> {
    const named = name.trim() === '' ? {} : { name: name.trim() }
    this.service.audit.record({ ...BY_PAGE, action: 'deviceApproved', subject: `${aeTitle}@${address}` })
    await listDevice(this.#options.file, { aeTitle, address, ...named }, language)
    this.service.reloadDevices()
  }

  /** Sends C-ECHO to a listed device. Throws USAGE if the device or its address is not in the configuration. */
  async echo(name: string, language: Language): Promise<{ isAnswered: boolean; words: string }> {
    const settings = loadAgentSettings(this.#options.file, language)
    const device = settings.devices.find((one) => one.name === name)
    const stop = new AbortController()
    const words = { say: speak(language), language, causes: causesIn(language), signal: stop.signal }
    // Loaded with the first echo.
    const { echoDevice } = await import('../tools/echo-device.ts')
    const echo = device && (await echoDevice({ ...words, clock: this.#options.clock }, settings, device))
    if (echo === undefined)
      throw new Failure('USAGE', speak(language)('devices.test.noAddress', { device: name }))
    return echo
  }

  ignore(aeTitle: string, address: string): void {
    this.service.audit.record({ ...BY_PAGE, action: 'callerIgnored', subject: `${aeTitle}@${address}` })
    this.service.ignoreCaller({ aeTitle, address })
  }

  async sendTestImage(): Promise<void> {
    if (this.testImage === 'waiting') return
    this.#testStudy = (await this.service.testImage()).studyInstanceUid
  }

  [Symbol.dispose](): void {
    this.#attempt?.abort(new Error('the agent is stopping'))
  }
}
