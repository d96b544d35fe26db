import type { AgentStatus } from '../../protocol/control-api.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { type CauseWords, causesIn } from '../language/cause-text.ts'
import type { Language, Say } from '../language/language.ts'
import { deviceProblemText } from './device-problem-text.ts'
import { contentsText } from './disk-findings.ts'
import { folderText } from './folder-text.ts'
import type { HealthNote } from './health.ts'
import { orderSourceText } from './order-source-text.ts'
import { showBytes, showDuration, showTime } from './show-values.ts'
import { AGENT_OUTLOOKS, headlineFor, type Level, type Outlooks, outlookFor } from './status-sentences.ts'

/** The summary of a status, and each finding. */
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
  /** The problem, and its beginning. */
  readonly what: string
  /** The next step of the program, and the cure. */
  readonly advice: readonly Labelled[]
}

export function statusView(
  status: AgentStatus,
  findings: readonly HealthNote[],
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): StatusView {
  const { version, now, startedAt } = status
  return {
    version: say('report.version', { version, uptime: showDuration(now - startedAt, say) }),
    ...headlineOf(findings, now, say),
    figures: [
      ...figures(status, say),
      ...folderFigures(status, say, causes),
      ...orderFigures(status, { say, language, causes }),
    ],
    devices: devices(status, say, language),
  }
}

/** `outlooks` is the table of the program that the findings are of. */
export function headlineOf(
  findings: readonly HealthNote[],
  now: number,
  say: Say,
  outlooks: Outlooks = AGENT_OUTLOOKS,
): Headline {
  const count = findings.filter(({ severity }) => severity === 'act').length
  const { level, phrase } = headlineFor(findings)
  return {
    level,
    headline: say(phrase, { count }),
    findings: findings.map((finding) => {
      const outlook = outlookFor(finding, findings, outlooks)
      return findingView(finding, outlook === undefined ? '' : say(outlook), now, say)
    }),
  }
}

function findingView(finding: HealthNote, outlook: string, now: number, say: Say): FindingView {
  const { severity, what, since, next, todo } = finding
  const time = since === null ? '' : showTime(since, now)
  const when = since === null ? '' : say('health.since', { time, age: showDuration(now - since, say) })
  const silence =
    finding.silencedUntil === undefined
      ? ''
      : say('silence.shown', { time: showTime(finding.silencedUntil, now) })
  const advice = [
    { label: say('health.next'), text: next === null ? outlook : attemptText(next, now, say) },
    { label: say('health.todo'), text: todo },
  ]
  return { level: severity, what: what + when + silence, advice: advice.filter(({ text }) => text !== '') }
}

function attemptText({ attempt, at }: NonNullable<HealthNote['next']>, now: number, say: Say): string {
  if (at <= now) return say('next.attemptNow', { attempt })
  return say('next.attempt', { attempt, time: showTime(at, now), wait: showDuration(at - now, say) })
}

function figures(status: AgentStatus, say: Say): Labelled[] {
  const { center, listener, deliveries, studies } = status
  const isAny = listener.aeTitles.length === 0 || listener.aeTitles.includes('*')
  const aeTitles = isAny ? say('report.anyAeTitle') : listener.aeTitles.join(', ')
  const { host, port } = listener
  return [
    {
      label: say('report.center'),
      text: center.url === null ? say('report.noCenter') : `${center.name}  ${center.url}`,
    },
    { label: say('report.fingerprint'), text: shortFingerprint(status.fingerprint) },
    { label: say('report.listener'), text: say('report.listenerText', { aeTitles, host, port }) },
    { label: say('report.queue'), text: say('report.queueText', deliveries) },
    { label: say('report.waiting'), text: waitingText(status, say) },
    { label: say('report.studies'), text: say('report.studiesText', studies) },
    { label: say('report.disk'), text: diskText(status, say) },
  ]
}

function folderFigures({ folders }: AgentStatus, say: Say, causes: CauseWords): Labelled[] {
  return folders.map((folder) => ({
    label: say('report.folder', { name: folder.name }),
    text: folderText(folder, { say, causes }),
  }))
}

function orderFigures(
  { orderSources, now }: AgentStatus,
  words: { say: Say; language: Language; causes: CauseWords },
): Labelled[] {
  return orderSources.map((source) => ({
    label: words.say('report.orderSource', { name: source.name }),
    text: orderSourceText(source, now, words),
  }))
}

function diskText({ disk }: AgentStatus, say: Say): string {
  const space = { free: showBytes(disk.freeBytes), reserve: showBytes(disk.reserveBytes) }
  const contents = contentsText(disk, say)
  return [say('report.diskText', space), contents].filter((text) => text !== '').join(say('disk.stop'))
}

function waitingText({ waitingBytes, oldestUnconfirmedAt, sending, now }: AgentStatus, say: Say): string {
  if (oldestUnconfirmedAt === null) return say('report.nothingWaits')
  const age = showDuration(now - oldestUnconfirmedAt, say)
  const text = say('report.waitingText', { bytes: showBytes(waitingBytes), age })
  const { bytesPerSecond, secondsLeft } = sending
  if (bytesPerSecond === null || secondsLeft === null) return text
  const left = showDuration(secondsLeft * 1000, say)
  return text + say('report.forecast', { rate: showBytes(bytesPerSecond), left })
}

function devices({ devices: seen, now }: AgentStatus, say: Say, language: Language): StatusView['devices'] {
  const phrases = [
    'state',
    'aeTitle',
    'name',
    'kind',
    'address',
    'lastSeen',
    'last',
    'rejections',
    'problem',
  ] as const
  return {
    titles: phrases.map((phrase) => say(`column.${phrase}`)),
    rows: seen.map((device) => [
      say(`device.${device.state}`),
      device.callingAeTitle === '' ? '?' : device.callingAeTitle,
      device.name ?? '',
      device.kind ?? '',
      device.peerAddress,
      showTime(device.lastSeenAt, now),
      device.lastInstance === null ? say('time.never') : showTime(device.lastInstance.at, now),
      String(device.rejections),
      device.problem === null
        ? ''
        : `${showTime(device.problem.at, now)} ${deviceProblemText(device, say, language).what}`,
    ]),
  }
}
