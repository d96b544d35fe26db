import type { X509Certificate } from 'node:crypto'

const DAY_MS = 24 * 3600 * 1000
/** Enough time to renew a certificate, also at a site that a person has to travel to. */
const NOTICE_MS = 30 * DAY_MS

/** Explains why a certificate is invalid or will be soon, in words; returns undefined if all is well. */
export function validityTrouble(certificate: X509Certificate, nowMs: number): string | undefined {
  const { validFromDate, validToDate } = certificate
  const [from, to] = [day(validFromDate), day(validToDate)]
  if (nowMs < validFromDate.getTime()) {
    return `it is valid only from ${from} on: correct the clock of this machine, or the certificate`
  }
  const leftMs = validToDate.getTime() - nowMs
  if (leftMs <= 0) return `it expired on ${to}: devices that check it do not connect; renew it`
  if (leftMs > NOTICE_MS) return undefined
  return `it expires on ${to}, in ${Math.floor(leftMs / DAY_MS)} days: renew it and restart the service`
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
