import type { ConditionCode } from '../../center/conditions.ts'
import { CONDITIONS_IN_ENGLISH } from './conditions-en.ts'
import { CONDITIONS_IN_CHINESE } from './conditions-zh.ts'
import { fillIn, type Language } from './language.ts'

/** What a condition of the center is, and what a person does about it. `{names}` are filled in from its values. */
export interface ConditionWords {
  readonly what: string
  readonly todo: string
}

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
