import { fillIn, type Language } from './language.ts'
import { CAUSES_IN_CHINESE, SYSTEM_CODES_IN_CHINESE } from './zh/causes/causes-zh.ts'

/** A cause from a failure, in the reader's language. */
export type CauseWords = (cause: string) => string

/** Returns the words for a cause; with `verbose`, followed by the original cause in brackets. */
export function causesIn(language: Language, { verbose = false } = {}): CauseWords {
  if (language === 'en') return asItIs
  return (cause) => {
    const words = inChinese(cause)
    if (words === cause) return cause
    if (verbose) return words === '' ? cause : `${words} [${cause}]`
    return words === '' ? UNKNOWN : words
  }
}

export function withCause(meaning: string, cause: string, language: Language): string {
  return language === 'zh' ? `${meaning}（${cause}）` : `${meaning} (${cause})`
}

/** The cause is not in the table. */
const UNKNOWN = '原文加 --verbose 显示'

const asItIs: CauseWords = (cause) => cause

function inChinese(cause: string): string {
  if (/\p{Script=Han}/u.test(cause) || !isSentence(cause)) return cause
  return cause
    .split('\n')
    .map((line) => known(line) ?? systemCause(line) ?? '')
    .filter((line) => line !== '')
    .join('\n')
}

/** Codes, addresses, UIDs, AE titles and commands are the same in every language; words in a row are not. */
export function isSentence(text: string): boolean {
  return SENTENCE.test(text.replaceAll(/\bferry(-center)?( [\w-]+)+/g, ''))
}

const SENTENCE = /(^|[^\w/.-])([A-Za-z][a-z]+['’]?,? (\d+ |[A-Z]+ )?[a-z]+|[a-z]{3,}ing [/\w])/

const PATTERNS = CAUSES_IN_CHINESE.map(([cause, words]) => ({ pattern: patternOf(cause), words }))

function patternOf(cause: string): RegExp {
  const escaped = cause.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
  // The star of `{name*}` was escaped as well.
  const pattern = escaped.replaceAll(/\{(\w+)(\\\*)?\}/g, (_, name: string, many?: string) =>
    many === undefined ? `(?<${name}>[^\\s;,]+)` : `(?<${name}>.+)`,
  )
  return new RegExp(pattern)
}

function known(cause: string): string | undefined {
  for (const { pattern, words } of PATTERNS) {
    const found = pattern.exec(cause)
    if (found === null) continue
    // A value that is a sentence itself is left out rather than shown in another language.
    const values = Object.entries(found.groups ?? {}).map(
      ([name, value]) =>
        [name, isSentence(value) ? (known(value) ?? '') : value.replace(/[:)]$/, '')] as const,
    )
    return withPlace(cause, fillIn(words, Object.fromEntries(values)))
  }
  return undefined
}

/** The last code counts: an outer failure names the inner one after itself. */
function systemCause(cause: string): string | undefined {
  const codes = cause.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? []
  for (const code of codes.toReversed()) {
    const name = Object.hasOwn(SYSTEM_CODES_IN_CHINESE, code) ? code : code.split('_').slice(0, 2).join('_')
    const words = Object.hasOwn(SYSTEM_CODES_IN_CHINESE, name) ? SYSTEM_CODES_IN_CHINESE[name] : undefined
    if (words !== undefined) return withPlace(cause, `${words}，${code}`)
  }
  return undefined
}

const PLACE =
  /\b(?:connecting to|listening on|locking|writing|reading|creating|opening|making|removing|listing|looking at the disk of|trying the disk of|opening the folder|opening the database) ((?:\/|[A-Za-z]:[\\/])[^\s:]+|\S+:\d+)/

/** Adds the place: an address with its port, or a path. */
function withPlace(cause: string, words: string): string {
  const place = PLACE.exec(cause)?.[1]
  return place === undefined || words.includes(place) ? words : `${place}：${words}`
}
