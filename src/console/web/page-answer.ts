import type { Failure } from '../../platform/failure.ts'
import { causesIn, withCause } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Language } from '../language/language.ts'

/** The answer of the page to a request that changes something. */
export interface PageAnswer {
  readonly status: number
  readonly body: object
}

/** Failures whose meaning speaks of a command line, or says no more than the cause. */
const TOLD_BY_CAUSE: ReadonlySet<string> = new Set(['USAGE', 'INTERRUPTED', 'IMPORT_RUNNING', 'IMPORT_ENDED'])

/** A failure in words of one language. */
export function failureText({ code, message }: Failure, language: Language): string {
  const words = wordsOfFailure(code, language)
  const cause = causesIn(language)(message)
  return words === undefined || TOLD_BY_CAUSE.has(code) ? cause : withCause(words.meaning, cause, language)
}
