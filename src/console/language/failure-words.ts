import { FAILURES, type FailureCode } from '../../platform/failure.ts'
import { FAILURES_IN_ENGLISH } from './en/failures-en.ts'
import type { FailureWords } from './en/words.ts'
import type { Language } from './language.ts'
import { FAILURES_IN_CHINESE } from './zh/failures-zh.ts'

const WORDS = { en: FAILURES_IN_ENGLISH, zh: FAILURES_IN_CHINESE }

/** Returns the words for a code from another program, perhaps a newer one; undefined if the code is unknown. */
export function wordsOfFailure(code: string, language: Language): FailureWords | undefined {
  return isFailureCode(code) ? WORDS[language][code] : undefined
}

export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code)
}
