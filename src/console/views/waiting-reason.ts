import type { CenterTrouble, DeliveryView, StudyView } from '../../protocol/control-api.ts'
import { type CauseWords, causesIn } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Language, Say } from '../language/language.ts'
import { showTime } from './show-values.ts'

/** Why a delivery is where it is: its own reason, else the center's trouble, else what its state means. */
export function deliveryReason(
  delivery: Pick<DeliveryView, 'state' | 'reasonCode' | 'reason'>,
  trouble: CenterTrouble | null,
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): string {
  if (delivery.reason !== null) return failureText(delivery.reasonCode, delivery.reason, language, causes)
  if (delivery.state === 'held' || delivery.state === 'confirmed') return ''
  if (trouble !== null && delivery.state !== 'delivered')
    return failureText(trouble.reasonCode, trouble.reason, language, causes)
  return say(`waits.${delivery.state}`)
}

/** When it is tried again; empty where a person must act first or nothing is left to do. */
export function deliveryNext(
  { state, nextAttemptAt }: Pick<DeliveryView, 'state' | 'nextAttemptAt'>,
  trouble: CenterTrouble | null,
  now: number,
  say: Say,
): string {
  if (state !== 'queued') return ''
  const at = Math.max(nextAttemptAt, trouble?.nextAttemptAt ?? 0)
  return at <= now ? say('time.now') : showTime(at, now)
}

export function studyReason(
  study: StudyView,
  say: Say,
  language: Language,
  causes: CauseWords = causesIn(language),
): string {
  if (study.reason !== null) return failureText(study.reasonCode, study.reason, language, causes)
  return study.state === 'confirmed' ? '' : say(`waits.${study.state}`)
}

function failureText(code: string | null, reason: string, language: Language, causes: CauseWords): string {
  const words = code === null ? undefined : wordsOfFailure(code, language)
  return words === undefined ? causes(reason) : `${words.meaning} (${code}: ${causes(reason)})`
}
