import type { Failure, FailureCode } from '../../platform/failure.ts'
import type { Alarms } from '../queue/alarms.ts'

/** Codes of answers that do not change if the agent asks again. */
const CURELESS: readonly FailureCode[] = [
  'CENTER_REFUSED',
  'CENTER_LIMIT',
  'CENTER_PROXY',
  'CENTER_ANSWER_INVALID',
  'MANIFEST_INVALID',
  'SIGNATURE_INVALID',
]

/**
 * Keeps an alarm for each request whose answer from the center's address cannot be cured by waiting. It is raised with
 * the first such answer, and cleared by the first success of the same subject: a study, or a kind of request. A pack
 * that is tried again asks first for its upload, which succeeds each time: such a preparation clears only the alarm of
 * a preparation.
 */
export class RefusalAlarms {
  readonly #alarms: Pick<Alarms, 'raise' | 'clear'>
  /** Subjects whose last answer was a success: their alarms are cleared once, not with each request. */
  readonly #clear = new Set<string>()
  /** Subjects whose alarm is that of a preparation. */
  readonly #unprepared = new Set<string>()

  constructor(alarms: Pick<Alarms, 'raise' | 'clear'>) {
    this.#alarms = alarms
  }

  /** Called after a request about this subject was answered; `failure` is undefined for a success. */
  answered(subject: string, failure: Failure | undefined, isPreparation: boolean): void {
    if (failure === undefined) return this.#succeeded(subject, isPreparation)
    if (!CURELESS.includes(failure.code)) return
    this.#clear.delete(subject)
    if (isPreparation) this.#unprepared.add(subject)
    else this.#unprepared.delete(subject)
    for (const code of CURELESS) if (code !== failure.code) this.#alarms.clear(code, subject)
    this.#alarms.raise(failure.code, subject, failure.message)
  }

  #succeeded(subject: string, isPreparation: boolean): void {
    if (this.#clear.has(subject) || (isPreparation && !this.#unprepared.has(subject))) return
    this.#unprepared.delete(subject)
    for (const code of CURELESS) this.#alarms.clear(code, subject)
    if (this.#clear.size >= REMEMBERED) this.#clear.clear()
    this.#clear.add(subject)
  }
}

/** There may be many studies; forgetting one costs a few statements that change nothing. */
const REMEMBERED = 1000
