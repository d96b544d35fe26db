import type { AgentStatus, CenterTrouble } from '../../protocol/control-api.ts'
import {
  type AgentCondition,
  type ConditionSource,
  clockConditions,
  conditionsOfAgent,
  deviceWord,
} from '../../protocol/report/agent-conditions.ts'
import { type CauseWords, causesIn, withCause } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Language, Say } from '../language/language.ts'
import { deviceProblemText } from './device-problem-text.ts'
import { diskWords } from './disk-findings.ts'
import type { HealthNote } from './health-note.ts'
import { showDuration } from './show-values.ts'

export type { HealthNote } from './health-note.ts'

/** The conditions of a status in words; those that need a person come first. */
export function assessHealth(
  status: AgentStatus,
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): HealthNote[] {
  return conditionsOfAgent(status).map((condition) => {
    const { severity, code, since, next, request } = condition
    const { what, todo } = wordsOf(condition, status, { say, language, causes })
    const note = { severity, code, what, since, next, todo }
    return request === undefined ? note : { ...note, request }
  })
}

interface Words {
  readonly say: Say
  readonly language: Language
  readonly causes: CauseWords
}

type Wording = Pick<HealthNote, 'what' | 'todo'>

function wordsOf({ code, source }: AgentCondition, status: AgentStatus, words: Words): Wording {
  const { say, language, causes } = words
  const todo = wordsOfFailure(code, language)?.todo ?? ''
  switch (source.kind) {
    case 'joining':
      return { what: wordsOfFailure(code, language)?.meaning ?? '', todo }
    case 'alarm':
      return alarmWords(source.alarm, words)
    case 'center':
      return { what: say('health.centerWhy', { why: whyText(source.trouble, language, causes) }), todo }
    case 'request': {
      const { kind, count } = source.failed
      return { what: say(`request.${kind}`, { count, why: whyText(source.failed, language, causes) }), todo }
    }
    case 'held':
      return { what: say('health.held', { count: status.deliveries.held }), todo: say('health.held.todo') }
    case 'disk':
      return diskWords(status, say)
    case 'rejectedDevice':
      return rejectionWords(source, words)
    case 'silentDevice':
      return {
        what: say('health.silentDevice', { device: deviceWord(source.device) }),
        todo: say('health.silentDevice.todo'),
      }
    case 'late':
      return { what: say('health.late'), todo: say('health.late.todo') }
    case 'clock':
      return clockWords(status.clockOffsetMs ?? 0, say)
  }
}

/** Subjects of alarms inside the agent, which mean nothing to a person. */
const OWN_SUBJECTS = new Set(['spool', 'center', 'index', 'identity'])

function alarmWords(
  { code, subject, message }: AgentStatus['alarms'][number],
  { language, causes }: Words,
): Wording {
  const words = wordsOfFailure(code, language)
  const cause = OWN_SUBJECTS.has(subject) ? causes(message) : `${subject}: ${causes(message)}`
  return {
    what: words === undefined ? cause : withCause(words.meaning, cause, language),
    todo: words?.todo ?? '',
  }
}

function whyText(
  { reasonCode, reason }: Pick<CenterTrouble, 'reasonCode' | 'reason'>,
  language: Language,
  causes: CauseWords,
): string {
  const words = wordsOfFailure(reasonCode, language)
  return words === undefined ? causes(reason) : withCause(words.meaning, causes(reason), language)
}

function rejectionWords(
  { device }: Extract<ConditionSource, { kind: 'rejectedDevice' | 'silentDevice' }>,
  { say, language, causes }: Words,
): Wording {
  const { rejections: count, peerAddress: address, lastRejection } = device
  const { what, todo } = deviceProblemText(device, say, language, causes)
  const values = {
    device: deviceWord(device),
    address,
    count,
    what: what === '' ? causes(lastRejection ?? '') : what,
  }
  return {
    what: say(count === 0 ? 'health.served' : 'health.stranger', values),
    todo: todo === '' ? say('health.stranger.todo') : todo,
  }
}

/** The same about the clock alone. */
export function clockFindings(state: Pick<AgentStatus, 'clockOffsetMs'>, say: Say): HealthNote[] {
  return clockConditions(state).map(({ severity, code }) => {
    return { severity, code, ...clockWords(state.clockOffsetMs ?? 0, say), since: null, next: null }
  })
}

function clockWords(offsetMs: number, say: Say): Wording {
  const what = say('health.clock', { offset: showDuration(Math.abs(offsetMs), say) })
  return { what, todo: say('health.clock.todo') }
}
