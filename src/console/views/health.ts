import { FAILURES } from '../../platform/failure.ts'
import type { AgentStatus, CenterTrouble } from '../../protocol/control-api.ts'
import { type CauseWords, causesIn, withCause } from '../language/cause-text.ts'
import { isFailureCode, wordsOfFailure } from '../language/failure-words.ts'
import type { Language, Say } from '../language/language.ts'
import { deviceProblemText } from './device-problem-text.ts'
import { diskFindings, isDiskAlarm } from './disk-findings.ts'
import type { HealthNote } from './health-note.ts'
import { showDuration } from './show-values.ts'

export type { HealthNote } from './health-note.ts'

const HOUR_MS = 3_600_000
/** A line that is down for longer does not come back by itself. */
const PATIENCE_MS = HOUR_MS
/** Strangers at the door of the last day are worth a line; older ones are history. */
const STRANGER_MS = 24 * HOUR_MS
/** A listed device that is turned away on a Friday is still a case on Monday. */
const LISTED_MS = 7 * 24 * HOUR_MS
const LATE_MS = 24 * HOUR_MS
/** Tokens are refused at five minutes; a person has time before. */
const CLOCK_MS = 60_000

/** Returns the findings of a status; those that need a person come first. */
export function assessHealth(
  status: AgentStatus,
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): HealthNote[] {
  const findings = [
    ...joiningFindings(status, language),
    ...alarmFindings(status, language, causes),
    ...centerFindings(status, say, language, causes),
    ...requestFindings(status, say, language, causes),
    ...heldFindings(status, say),
    ...diskFindings(status, say),
    ...deviceFindings(status, say, language, causes),
    ...lateFindings(status, say),
    ...clockFindings(status, say),
  ]
  return findings.toSorted((a, b) => rank(a) - rank(b))
}

const RANKS = { act: 0, decide: 1, coping: 2 } as const
const rank = ({ severity }: HealthNote): number => RANKS[severity]

/** No center's key is known to which an instance could be sealed. */
function joiningFindings({ center }: AgentStatus, language: Language): HealthNote[] {
  if (center.url !== null) return []
  const { meaning: what, todo } = wordsOfFailure('NOT_ENROLLED', language) ?? { meaning: '', todo: '' }
  return [{ severity: 'act', code: 'NOT_ENROLLED', what, since: null, next: null, todo }]
}

/** Subjects of alarms inside the agent, which mean nothing to a person. */
const OWN_SUBJECTS = new Set(['spool', 'center', 'index', 'identity'])

function alarmFindings({ alarms, disk }: AgentStatus, language: Language, causes: CauseWords): HealthNote[] {
  const others = alarms.filter((alarm) => !isDiskAlarm(alarm, disk))
  return others.map(({ code, subject, message, since, request }) => {
    const words = wordsOfFailure(code, language)
    const cause = OWN_SUBJECTS.has(subject) ? causes(message) : `${subject}: ${causes(message)}`
    const what = words === undefined ? cause : withCause(words.meaning, cause, language)
    const finding = { severity: 'act', code, what, since, next: null, todo: words?.todo ?? '' } as const
    return request === undefined ? finding : { ...finding, next: nextOf(request), request: request.kind }
  })
}

const nextOf = ({ attempts, nextAttemptAt }: { attempts: number; nextAttemptAt: number }) => ({
  attempt: attempts + 1,
  at: nextAttemptAt,
})

function centerFindings(
  { center: { trouble }, now }: AgentStatus,
  say: Say,
  language: Language,
  causes: CauseWords,
): HealthNote[] {
  if (trouble === null) return []
  const { reasonCode: code, since } = trouble
  return [
    {
      severity: patience(trouble, now),
      code,
      what: say('health.centerWhy', { why: whyText(trouble, language, causes) }),
      since,
      next: nextOf(trouble),
      todo: wordsOfFailure(code, language)?.todo ?? '',
    },
  ]
}

/** A request about some studies may fail while the others go on; what the center's own trouble explains is left out. */
function requestFindings(
  { center: { trouble }, failedRequests, now }: AgentStatus,
  say: Say,
  language: Language,
  causes: CauseWords,
): HealthNote[] {
  return failedRequests
    .filter(
      ({ kind, reasonCode }) => trouble === null || (kind !== 'pack' && reasonCode !== trouble.reasonCode),
    )
    .map((failed) => {
      const { kind, reasonCode: code, count, since } = failed
      const why = whyText(failed, language, causes)
      return {
        severity: patience(failed, now),
        code,
        what: say(`request.${kind}`, { count, why }),
        since,
        next: nextOf(failed),
        todo: wordsOfFailure(code, language)?.todo ?? '',
        request: kind,
      }
    })
}

type Trouble = Pick<CenterTrouble, 'reasonCode' | 'reason' | 'since'>

/** Some failures end by waiting; after an hour a person looks at them. */
function patience({ reasonCode, since }: Trouble, now: number): 'act' | 'coping' {
  const waits = isFailureCode(reasonCode) && FAILURES[reasonCode] === 'wait' && now - since < PATIENCE_MS
  return waits ? 'coping' : 'act'
}

function whyText({ reasonCode, reason }: Trouble, language: Language, causes: CauseWords): string {
  const words = wordsOfFailure(reasonCode, language)
  return words === undefined ? causes(reason) : withCause(words.meaning, causes(reason), language)
}

function heldFindings({ deliveries }: AgentStatus, say: Say): HealthNote[] {
  if (deliveries.held === 0) return []
  const what = say('health.held', { count: deliveries.held })
  return [{ severity: 'act', code: 'HELD', what, since: null, next: null, todo: say('health.held.todo') }]
}

/**
 * act: a device of the list gets no images through as it last called. decide: a caller that is not listed was turned away,
 * and only a person knows whether it belongs here. Scans of ports and ignored callers are neither.
 */
function deviceFindings(
  { devices, now }: AgentStatus,
  say: Say,
  language: Language,
  causes: CauseWords,
): HealthNote[] {
  return devices.flatMap((device) => {
    const severity = severityOf(device, now)
    if (severity === undefined) return []
    const { rejections: count, callingAeTitle, name, peerAddress: address, lastRejection } = device
    const { what, todo } = deviceProblemText(device, say, language, causes)
    const aeTitle = callingAeTitle === '' ? '?' : callingAeTitle
    const values = {
      device: name === null || name === aeTitle ? aeTitle : `${name} (${aeTitle})`,
      address,
      count,
      what: what === '' ? causes(lastRejection ?? '') : what,
    }
    return [
      {
        severity,
        code: 'DEVICE_REJECTED',
        what: say(count === 0 ? 'health.served' : 'health.stranger', values),
        since: severity === 'act' ? device.lastSeenAt : device.firstSeenAt,
        next: null,
        todo: todo === '' ? say('health.stranger.todo') : todo,
      },
    ]
  })
}

type SeenDevice = AgentStatus['devices'][number]

function severityOf(device: SeenDevice, now: number): 'act' | 'decide' | undefined {
  const { state, name, problem, lastSeenAt } = device
  const age = now - lastSeenAt
  // In force since it called last: nothing that it offers is taken, although it is let in.
  const isUseless = state === 'known' && problem?.kind === 'nothing' && problem.at >= lastSeenAt
  if (state === 'refused' || (isUseless && name !== null)) return age <= LISTED_MS ? 'act' : undefined
  if (age > STRANGER_MS) return undefined
  if (state === 'pending') return 'decide'
  return state === 'unnamed' && problem !== null && MEANT_TO_SEND.has(problem.kind) ? 'decide' : undefined
}

/** Problems of a caller without a name that may be a device, unlike one that only connects or speaks another protocol. */
const MEANT_TO_SEND: ReadonlySet<string> = new Set([
  'request',
  'tls',
  'unknown',
  'called',
  'address',
  'nothing',
])

function lateFindings({ oldestUnconfirmedAt: oldest, now }: AgentStatus, say: Say): HealthNote[] {
  if (oldest === null || now - oldest < LATE_MS) return []
  const what = say('health.late')
  return [{ severity: 'act', code: 'LATE', what, since: oldest, next: null, todo: say('health.late.todo') }]
}

export function clockFindings(
  { clockOffsetMs: offset }: Pick<AgentStatus, 'clockOffsetMs'>,
  say: Say,
): HealthNote[] {
  if (offset === null || Math.abs(offset) < CLOCK_MS) return []
  const what = say('health.clock', { offset: showDuration(Math.abs(offset), say) })
  return [{ severity: 'act', code: 'CLOCK', what, since: null, next: null, todo: say('health.clock.todo') }]
}
