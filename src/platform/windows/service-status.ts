import type { Clock } from '../clock.ts'

/** `dwCurrentState` of SERVICE_STATUS (winsvc.h). */
const SERVICE_STATE = { stopped: 1, startPending: 2, stopPending: 3, running: 4 } as const

/** Control codes that ask a service for its end, and the one that asks for its state (winsvc.h). */
const CONTROL = { stop: 1, interrogate: 4, shutdown: 5, preshutdown: 15 } as const
const ENDS: ReadonlySet<number> = new Set([CONTROL.stop, CONTROL.shutdown, CONTROL.preshutdown])
/** SERVICE_ACCEPT_STOP, _SHUTDOWN and _PRESHUTDOWN. */
const ACCEPTED = 0x1 | 0x4 | 0x100

const NO_ERROR = 0
/** The reason is then in the service-specific exit code. */
const ERROR_SERVICE_SPECIFIC_ERROR = 1066
const ERROR_CALL_NOT_IMPLEMENTED = 120

/** A pending state is reported again in this time, with a higher checkpoint, or Windows takes the service for hung. */
const REPORT_EVERY_MS = 5000
const WAIT_HINT_MS = 30_000

/** The members of SERVICE_STATUS that change. */
export interface StatusReport {
  readonly state: number
  readonly controlsAccepted: number
  readonly exitCode: number
  readonly specificExitCode: number
  readonly checkPoint: number
  readonly waitHintMs: number
}

interface ServiceStatusOptions {
  readonly clock: Clock
  /** Tells Windows (SetServiceStatus). */
  readonly report: (report: StatusReport) => void
  /** Windows asks for the end. Called once. */
  readonly stop: () => void
}

/**
 * The states that a service reports to Windows: START_PENDING, RUNNING, STOP_PENDING, STOPPED, in this order and each
 * once. After STOPPED nothing is reported: Windows may end the process at any moment.
 */
export class ServiceStatus {
  readonly #options: ServiceStatusOptions
  #state: number = SERVICE_STATE.startPending
  #checkPoint = 0
  #pending = new AbortController()

  constructor(options: ServiceStatusOptions) {
    this.#options = options
    this.#repeat()
  }

  /** The service does its work. Without effect once the end was asked for. */
  running(): void {
    if (this.#state !== SERVICE_STATE.startPending) return
    this.#pending.abort()
    this.#state = SERVICE_STATE.running
    this.#report()
  }

  /** Takes a control code from Windows and returns the answer (HandlerEx): NO_ERROR or ERROR_CALL_NOT_IMPLEMENTED. */
  control(code: number): number {
    if (code === CONTROL.interrogate) return NO_ERROR
    if (!ENDS.has(code)) return ERROR_CALL_NOT_IMPLEMENTED
    if (this.#state === SERVICE_STATE.startPending || this.#state === SERVICE_STATE.running) {
      this.#pending.abort()
      this.#state = SERVICE_STATE.stopPending
      this.#checkPoint = 0
      this.#repeat()
      this.#options.stop()
    }
    return NO_ERROR
  }

  /** The work has ended: with 0, or with the exit code that Windows shows as the service-specific one. */
  stopped(exitCode: number): void {
    if (this.#state === SERVICE_STATE.stopped) return
    this.#pending.abort()
    this.#state = SERVICE_STATE.stopped
    this.#report(exitCode)
  }

  /** Reports a pending state until the next one. */
  #repeat(): void {
    this.#pending = new AbortController()
    const { signal } = this.#pending
    const { clock } = this.#options
    const again = (): void => {
      if (signal.aborted) return
      this.#checkPoint++
      this.#report()
      const timer = clock.after(REPORT_EVERY_MS, again)
      signal.addEventListener('abort', () => timer.cancel(), { once: true })
    }
    again()
  }

  #report(specificExitCode = 0): void {
    const isPending = this.#state === SERVICE_STATE.startPending || this.#state === SERVICE_STATE.stopPending
    this.#options.report({
      state: this.#state,
      // A start that takes long can be stopped too: its signal is heard at the next step.
      controlsAccepted:
        this.#state === SERVICE_STATE.running || this.#state === SERVICE_STATE.startPending ? ACCEPTED : 0,
      exitCode: specificExitCode === 0 ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR,
      specificExitCode,
      checkPoint: isPending ? this.#checkPoint : 0,
      waitHintMs: isPending ? WAIT_HINT_MS : 0,
    })
  }
}
