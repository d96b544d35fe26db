import type { Condition } from '../../center/operate/condition.ts'
import { type CauseWords, causesIn } from '../language/cause-text.ts'
import { wordsOfCondition } from '../language/condition-words.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Language, Say } from '../language/language.ts'
import type { HealthNote } from './health.ts'
import { showBytes, showDuration } from './show-values.ts'

/** The center's conditions in words: the same shape as the agent's findings. */
export function centerFindings(
  conditions: readonly Condition[],
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): HealthNote[] {
  return conditions.map(({ code, severity, since, values, silencedUntil }) => {
    const { what, todo } = wordsOfCondition(code, shownValues(values, { say, language, causes }), language)
    const note = { severity, code, what, since, next: null, todo }
    return silencedUntil === null ? note : { ...note, silencedUntil }
  })
}

/** `freeBytes` fills `{free}` in as `1.2 GiB`, `waitMs` fills `{wait}` in as `5 min`. */
function shownValues(
  values: Condition['values'],
  words: { say: Say; language: Language; causes: CauseWords },
): Record<string, string | number> {
  const { say, causes } = words
  const shown = Object.entries(values).map(([name, value]) => {
    if (name.endsWith('Bytes')) return [name.slice(0, -'Bytes'.length), showBytes(Number(value))] as const
    if (name.endsWith('Ms')) return [name.slice(0, -'Ms'.length), showDuration(Number(value), say)] as const
    if (name === 'problem') return [name, problemText(String(value), values, words)] as const
    return [name, name === 'reason' ? causes(String(value)) : value] as const
  })
  return Object.fromEntries(shown)
}

/** A problem that an agent reports by its code. */
function problemText(
  code: string,
  { device = '?' }: Condition['values'],
  { say, language }: { say: Say; language: Language },
): string {
  if (code === 'HELD') return say('problem.held')
  if (code === 'DEVICE_REJECTED') return say('problem.deviceRejected', { device })
  return wordsOfFailure(code, language)?.meaning ?? say('problem.other', { code })
}
