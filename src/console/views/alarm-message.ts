import type { Condition } from '../../center/operate/condition.ts'
import type { Digest } from '../../messages/digest.ts'
import type { Message, MessageItem } from '../../messages/message.ts'
import { causesIn } from '../language/cause-text.ts'
import { type Language, type Say, speak } from '../language/language.ts'
import { centerFindings } from './center-findings.ts'
import { showTime } from './show-values.ts'

/** Puts a digest of the center's conditions into words. */
export function centerMessage(
  name: string,
  language: Language,
): (digest: Digest<Condition>, now: number) => Message {
  const say = speak(language)
  return (digest, now) => {
    const begun = itemsOf(digest.begun, say, language)
    const lasting = itemsOf(digest.lasting, say, language)
    const ended = itemsOf(digest.ended, say, language)
    const lines = [
      ...begun.flatMap((item) => itemLines(item, '●', say, now)),
      ...lasting.flatMap((item) => itemLines(item, '○', say, now)),
      ...ended.map(({ what }) => say('message.ended', { what })),
    ]
    const title = say('message.from', { name, title: titleOf(digest, say) })
    return { at: now, name, title, lines, begun, lasting, ended }
  }
}

/** A message that says only that messages arrive. */
export function testMessage(name: string, language: Language, now: number): Message {
  const say = speak(language)
  const title = say('message.from', { name, title: say('message.test') })
  return { at: now, name, title, lines: [say('message.testLine')], begun: [], lasting: [], ended: [] }
}

function titleOf({ begun, lasting, ended, remaining }: Digest<Condition>, say: Say): string {
  if (begun.length > 0) return say('message.begun', { count: begun.length })
  if (lasting.length > 0) return say('message.lasting', { count: remaining })
  if (remaining > 0) return say('message.someEnded', { count: ended.length, remaining })
  return say('message.allClear')
}

function itemsOf(conditions: readonly Condition[], say: Say, language: Language): MessageItem[] {
  const findings = centerFindings(conditions, say, language, causesIn(language))
  return conditions.map(({ code, severity, subject, since }, i) => {
    const { what = '', todo = '' } = findings[i] ?? {}
    return { code, severity, subject, since, what, todo }
  })
}

function itemLines({ what, todo, since }: MessageItem, mark: string, say: Say, now: number): string[] {
  const time = since === null ? '' : say('message.since', { time: showTime(since, now) })
  return [`${mark} ${what}${time}`, ...(todo === '' ? [] : [`  → ${todo}`])]
}
