import type { Language } from '../../config/yaml/problem-words.ts'
import { ENGLISH, type Phrase } from './en/phrases-en.ts'
import { CHINESE } from './zh/phrases-zh.ts'

export type { Language } from '../../config/yaml/problem-words.ts'

/** A phrase in the user's language, its `{names}` filled in. */
export type Say = (phrase: Phrase, values?: Readonly<Record<string, string | number>>) => string

export const PHRASES: Readonly<Record<Language, Readonly<Record<Phrase, string>>>> = {
  en: ENGLISH,
  zh: CHINESE,
}

export function speak(language: Language): Say {
  return (phrase, values = {}) => fillIn(PHRASES[language][phrase], values)
}

/** Puts values in the place of their `{names}`; `{count:instance|instances}` is the first word if the value is 1. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return text
    .replace(/\{(\w+):([^|{}]*)\|([^{}]*)\}/g, (_, name: string, one: string, more: string) =>
      Number(values[name]) === 1 ? one : more,
    )
    .replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** `--lang`, FERRY_LANG, the locale variables of POSIX in their order, then what the operating system says. */
export function chooseLanguage(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const at = args.findIndex((arg) => arg === '--lang' || arg.startsWith('--lang='))
  const option = args[at]?.startsWith('--lang=') ? args[at].slice('--lang='.length) : args[at + 1]
  const locale =
    (at >= 0 ? option : undefined) ||
    environment['FERRY_LANG'] ||
    environment['LC_ALL'] ||
    environment['LC_MESSAGES'] ||
    environment['LANG'] ||
    Intl.DateTimeFormat().resolvedOptions().locale
  return /^zh/i.test(locale) ? 'zh' : 'en'
}
