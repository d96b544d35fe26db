import type { ConditionCode } from '../../center/operate/condition.ts'
import { CONDITIONS_IN_ENGLISH } from './en/conditions-en.ts'
import type { ConditionWords } from './en/words.ts'
import { fillIn, type Language } from './language.ts'
import { CONDITIONS_IN_CHINESE } from './zh/conditions-zh.ts'

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
