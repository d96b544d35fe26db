import type { Phrase } from './language/phrases-en.ts'
import type { Session } from './session.ts'

/** True if a person at the terminal says yes. Without a terminal nobody can, and it is false. */
export async function confirmed({ terminal, say }: Session, question: Phrase): Promise<boolean> {
  const answer = (await terminal.ask?.(say(question))) ?? ''
  if (/^(y|yes|是)$/i.test(answer.trim())) return true
  terminal.say(say('confirm.no'))
  return false
}
