import type { OrderSourceView } from '../../protocol/orders-api.ts'
import { type CauseWords, withCause } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Language, Say } from '../language/language.ts'
import { showTime } from './show-values.ts'

interface Words {
  readonly say: Say
  readonly language: Language
  readonly causes: CauseWords
}

/** The state of a source of orders in one line, without its name. */
export function orderSourceText(source: OrderSourceView, now: number, words: Words): string {
  const { orders: count, lastSuccessAt, failure } = source
  const { say } = words
  if (failure !== null)
    return say('orders.sourceFails', {
      count,
      time: showTime(failure.since, now),
      why: orderFailureText(failure, words),
    })
  if (lastSuccessAt === null) return say('orders.sourceSilent', { count })
  return say('orders.sourceWell', { count, time: showTime(lastSuccessAt, now) })
}

/** Meaning and cause of a failure. */
function orderFailureText(
  { code, message }: NonNullable<OrderSourceView['failure']>,
  { language, causes }: Omit<Words, 'say'>,
): string {
  const words = wordsOfFailure(code, language)
  return words === undefined ? causes(message) : withCause(words.meaning, causes(message), language)
}
