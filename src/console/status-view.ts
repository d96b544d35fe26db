import type { AgentStatus } from '../protocol/control-api.ts'
import { shortFingerprint } from '../protocol/signing-key.ts'
import type { Finding } from './health.ts'
import type { Say } from './language/language.ts'
import { showBytes, showDuration, showTime } from './show-values.ts'

export type Level = 'act' | 'coping' | 'well'

/** What it all comes to, and each finding. */
export interface Headline {
  readonly level: Level
  readonly headline: string
  readonly findings: readonly FindingView[]
}

/** The status in words of one language, for the terminal and the status page alike. */
export interface StatusView extends Headline {
  readonly version: string
  readonly figures: readonly Labelled[]
  readonly devices: { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] }
}

export interface Labelled {
  readonly label: string
  readonly text: string
}

export interface FindingView {
  readonly level: Level
  /** What is wrong, and since when. */
  readonly what: string
  /** What happens next, and what to do. */
  readonly advice: readonly Labelled[]
}

export function statusView(status: AgentStatus, findings: readonly Finding[], say: Say): StatusView {
  const { version, now, startedAt } = status
  return {
    version: say('report.version', { version, uptime: showDuration(now - startedAt, say) }),
    ...headlineOf(findings, now, say),
    figures: figures(status, say),
    devices: devices(status, say),
  }
}

export function headlineOf(findings: readonly Finding[], now: number, say: Say): Headline {
  return { ...levelOf(findings, say), findings: findings.map((finding) => findingView(finding, now, say)) }
}

function levelOf(findings: readonly Finding[], say: Say): { level: Level; headline: string } {
  const count = findings.filter(({ severity }) => severity === 'act').length
  if (count > 0) return { level: 'act', headline: say('health.act', { count }) }
  if (findings.length > 0) return { level: 'coping', headline: say('health.coping') }
  return { level: 'well', headline: say('health.well') }
}

function findingView(finding: Finding, now: number, say: Say): FindingView {
  const { severity, what, since, next, todo } = finding
  const time = since === null ? '' : showTime(since, now)
  const when = since === null ? '' : say('health.since', { time, age: showDuration(now - since, say) })
  const advice = [{ label: say('health.todo'), text: todo }]
  if (next !== null || severity === 'act')
    advice.unshift({ label: say('health.next'), text: nextText(finding, now, say) })
  return { level: severity, what: what + when, advice: advice.filter(({ text }) => text !== '') }
}

function nextText({ next }: Finding, now: number, say: Say): string {
  if (next === null) return say('health.nextNever')
  const wait = next.at <= now ? say('time.now') : showDuration(next.at - now, say)
  return say('health.nextAttempt', { attempt: next.attempt, time: showTime(next.at, now), wait })
}

function figures(status: AgentStatus, say: Say): Labelled[] {
  const { center, listener, deliveries, studies, disk } = status
  const isAny = listener.aeTitles.length === 0 || listener.aeTitles.includes('*')
  const aeTitles = isAny ? say('report.anyAeTitle') : listener.aeTitles.join(', ')
  const space = { free: showBytes(disk.freeBytes), reserve: showBytes(disk.reserveBytes) }
  const { host, port } = listener
  return [
    { label: say('report.center'), text: `${center.name}  ${center.url}` },
    { label: say('report.fingerprint'), text: shortFingerprint(status.fingerprint) },
    { label: say('report.listener'), text: say('report.listenerText', { aeTitles, host, port }) },
    { label: say('report.queue'), text: say('report.queueText', deliveries) },
    { label: say('report.waiting'), text: waitingText(status, say) },
    { label: say('report.studies'), text: say('report.studiesText', studies) },
    { label: say('report.disk'), text: say('report.diskText', space) },
  ]
}

function waitingText({ waitingBytes, oldestUnconfirmedAt, now }: AgentStatus, say: Say): string {
  if (oldestUnconfirmedAt === null) return say('report.nothingWaits')
  const age = showDuration(now - oldestUnconfirmedAt, say)
  return say('report.waitingText', { bytes: showBytes(waitingBytes), age })
}

function devices({ devices: seen, now }: AgentStatus, say: Say): StatusView['devices'] {
  const phrases = ['device', 'address', 'lastSeen', 'associations', 'rejections'] as const
  return {
    titles: phrases.map((phrase) => say(`column.${phrase}`)),
    rows: seen.map((device) => [
      device.callingAeTitle,
      device.peerAddress,
      showTime(device.lastSeenAt, now),
      String(device.associations),
      String(device.rejections),
    ]),
  }
}
