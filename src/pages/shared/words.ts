import type { Language, Say } from '../../console/language/language.ts'
import { ask } from './ask.ts'

const OTHER = { zh: 'en', en: 'zh' } as const
const KEY = 'language'

/** The language and its phrases. */
export interface Words {
  readonly language: Language
  readonly say: Say
}

/** The address says it, else the last choice, else the browser. */
export function wantedLanguage(): Language {
  const wanted =
    new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(KEY) ?? navigator.language
  return /^en/i.test(wanted) ? 'en' : 'zh'
}

export function otherLanguage(language: Language): Language {
  const other = OTHER[language]
  localStorage.setItem(KEY, other)
  return other
}

export async function wordsIn(language: Language): Promise<Words> {
  const { phrases } = await ask<{ phrases: Readonly<Record<string, string>> }>(`/api/words?lang=${language}`)
  return { language, say: (phrase, values = {}) => filled(phrases[phrase] ?? phrase, values) }
}

/** As `fillIn` of console/language, whose file would bring every phrase of both languages here. */
function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text
    .replace(/\{(\w+):([^|{}]*)\|([^{}]*)\}/g, (_, name: string, one: string, more: string) =>
      Number(values[name]) === 1 ? one : more,
    )
    .replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
