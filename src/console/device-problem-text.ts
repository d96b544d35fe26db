import type { DeviceView } from '../protocol/control-api.ts'
import { wordsOfFailure } from './language/failure-words.ts'
import { type Language, PHRASES, type Say } from './language/language.ts'
import type { Phrase } from './language/phrases-en.ts'

export interface ProblemWords {
  readonly what: string
  readonly todo: string
}

/** What was last in the way of a device, and what to do; of a kind that only a newer agent knows, its detail. */
export function deviceProblemText(
  device: Pick<DeviceView, 'problem' | 'callingAeTitle' | 'peerAddress' | 'calledAeTitle'>,
  say: Say,
  language: Language,
): ProblemWords {
  const { problem, callingAeTitle, peerAddress, calledAeTitle } = device
  if (problem === null) return { what: '', todo: '' }
  const { kind, detail } = problem
  const words = kind === 'instance' ? wordsOfFailure(detail, language) : undefined
  const values = {
    aeTitle: callingAeTitle,
    address: peerAddress ?? '',
    called: calledAeTitle ?? '',
    detail: words?.meaning ?? detail,
  }
  const [what, todo] = [phraseOf(`device.problem.${kind}`), phraseOf(`device.todo.${kind}`)]
  return {
    what: what === undefined ? detail : say(what, values),
    todo: words?.todo ?? (todo === undefined ? '' : say(todo, values)),
  }
}

function phraseOf(text: string): Phrase | undefined {
  return isPhrase(text) ? text : undefined
}

const isPhrase = (text: string): text is Phrase => Object.hasOwn(PHRASES.en, text)
