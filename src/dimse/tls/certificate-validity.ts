import type { X509Certificate } from 'node:crypto'

const DAY_MS = 24 * 3600 * 1000
/** Time enough to have a certificate renewed, also in a place that a person has to travel to. */
const NOTICE_MS = 30 * DAY_MS

/** Why a certificate will soon be, or is, of no use, in words; undefined while all is well. */
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
