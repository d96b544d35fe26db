import type { X509Certificate } from 'node:crypto'
import { validityTrouble } from '../../dimse/tls/certificate-validity.ts'
import type { Clock, Timer } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { Alarms } from '../queue/alarms.ts'

const CODE = 'CERTIFICATE_EXPIRING'
const SUBJECT = 'listener.tls'
const LOOK_EVERY_MS = 24 * 3600 * 1000

interface CertificateWatchOptions {
  /** Undefined where there is no listener for TLS, and so nothing to warn of. */
  certificate: X509Certificate | undefined
  clock: Clock
  log: Log
  alarms: Alarms
}

/** Raises an alarm a month before our certificate for TLS expires, and clears it when there is a newer one. */
export class CertificateWatch implements Disposable {
  readonly #options: CertificateWatchOptions
  #timer: Timer | undefined

  constructor(options: CertificateWatchOptions) {
    this.#options = options
  }

  /** Looks now, and then once a day. Never throws. */
  look(): void {
    const { certificate, clock, log, alarms } = this.#options
    const trouble = certificate === undefined ? undefined : validityTrouble(certificate, clock.now())
    try {
      if (trouble === undefined) alarms.clear(CODE, SUBJECT)
      else alarms.raise(CODE, SUBJECT, `the certificate for TLS: ${trouble}`)
      if (trouble !== undefined) log.error('certificate needs renewal', { code: CODE, reason: trouble })
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'writing an alarm down')
      log.warn('alarm not written down', { code, reason: message })
    }
    if (certificate !== undefined) this.#timer = clock.after(LOOK_EVERY_MS, () => this.look())
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }
}
