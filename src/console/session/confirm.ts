import type { Phrase } from '../language/en/phrases-en.ts'
import type { Session } from './session.ts'

/** Resolves to true if a person at the terminal says yes, and to false without a terminal. */
export async function confirmed({ terminal, say }: Session, question: Phrase): Promise<boolean> {
  const answer = (await terminal.ask?.(say(question))) ?? ''
  if (/^(y|yes|是)$/i.test(answer.trim())) return true
  terminal.say(say('confirm.no'))
  return false
}
