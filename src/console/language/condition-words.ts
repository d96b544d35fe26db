import type { ConditionCode } from '../../center/conditions.ts'
import { CONDITIONS_IN_ENGLISH } from './conditions-en.ts'
import { CONDITIONS_IN_CHINESE } from './conditions-zh.ts'
import { fillIn, type Language } from './language.ts'
import type { ConditionWords } from './words.ts'

export const CONDITIONS: Readonly<Record<Language, Readonly<Record<ConditionCode, ConditionWords>>>> = {
  en: CONDITIONS_IN_ENGLISH,
  zh: CONDITIONS_IN_CHINESE,
}

export function wordsOfCondition(
  code: ConditionCode,
  values: Readonly<Record<string, string | number>>,
  language: Language,
): ConditionWords {
  const { what, todo } = CONDITIONS[language][code]
  return { what: fillIn(what, values), todo: fillIn(todo, values) }
}
