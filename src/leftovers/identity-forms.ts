import { isSyllable, readingsOf } from './pinyin-by-collation.ts'

/** A text to look for: its parts in this order, with at most a few signs between them. */
export interface WantedText {
  readonly parts: readonly string[]
  /** Neighbours that it must not have: letters, or digits. */
  readonly apart: 'no' | 'from-letters' | 'from-digits' | 'from-both'
}

const HAN = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u
const DATE = /^(\d{4})([-/.年]?)(\d{1,2})([-/.月]?)(\d{1,2})日?$/
const LONGEST_NAME = 4
const SHORTEST_WORD = 4
const SHORTEST_NUMBER = 4
/** Shorter ones, of digits only, count and measure all kinds of things. */
const SHORTEST_DIGITS = 5
const UNMISTAKABLE_LETTERS = 8
const UNMISTAKABLE_DIGITS = 7
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** One line of the identities, in all forms: a name, a date, a number, an address. */
export function identityForms(line: string): WantedText[] {
  const text = line.trim().normalize('NFC')
  const wanted = text.split(/[=\\]/).flatMap((group) => formsOf(group.trim()))
  const seen = new Map(wanted.map((one) => [`${one.apart}\0${one.parts.join('\0').toLowerCase()}`, one]))
  return Array.from(seen.values())
}

function formsOf(text: string): WantedText[] {
  const date = DATE.exec(text)
  if (date !== null) return [...dateForms(date[1] ?? '', date[3] ?? '', date[5] ?? ''), ...numberForms(text)]
  if (/^[+\d][\d\s()./-]*[\dXx]?$/.test(text)) return numberForms(text)
  if (HAN.test(text)) return isName(text) ? chineseForms(text) : addressForms(text)
  return /\d/.test(text) ? identifierForms(text) : latinForms(text)
}

const isName = (text: string): boolean =>
  !/\d/.test(text) && (/[\^·]/.test(text) || text.replaceAll(/\s/g, '').length <= LONGEST_NAME)

function chineseForms(text: string): WantedText[] {
  const words = text.split(/[\s^,，·•]+/).filter((word) => word !== '')
  const whole = words.join('')
  const splits = words.length > 1 ? [words[0]?.length ?? 1] : [1, 2]
  const forms = splits
    .filter((at) => at < whole.length)
    .flatMap((at) => chineseOrders(whole.slice(0, at), whole.slice(at), words.length === 1 && at === 2))
  return [{ parts: Array.from(whole), apart: 'no' as const }, ...forms].filter(
    ({ parts }) => parts.length > 1,
  )
}

/** Two characters may be a family name, or the first of a given name: then the second character alone says nothing. */
function chineseOrders(family: string, given: string, isUnsure: boolean): WantedText[] {
  const swapped: WantedText[] = given.length > 1 ? [{ parts: Array.from(given + family), apart: 'no' }] : []
  const alone: WantedText[] = given.length > 1 && !isUnsure ? [{ parts: Array.from(given), apart: 'no' }] : []
  return [...swapped, ...alone, ...pinyinForms(family, given)]
}

function pinyinForms(family: string, given: string): WantedText[] {
  return readAloud(family).flatMap((last) =>
    readAloud(given).flatMap((first) =>
      [
        [...last, ...first],
        [...first, ...last],
      ].map(asName),
    ),
  )
}

/** A long one is found within words too. */
function asName(parts: readonly string[]): WantedText {
  return {
    parts,
    apart: parts.length > 1 && parts.join('').length >= UNMISTAKABLE_LETTERS ? 'no' : 'from-letters',
  }
}

/** All ways to read some characters, each syllable a part. */
function readAloud(characters: string): string[][] {
  return Array.from(characters).reduce<string[][]>(
    (heads, character) => heads.flatMap((head) => readingsOf(character).map((reading) => [...head, reading])),
    [[]],
  )
}

function latinForms(text: string): WantedText[] {
  const plain = text.normalize('NFD').replaceAll(/\p{M}/gu, '')
  return Array.from(new Set([text, plain, umlautsWritten(text)])).flatMap((spelling) => {
    const [family = '', ...given] = spelling.split(/[\s^,._-]+/).filter((word) => word !== '')
    const words = [family, ...given]
    const orders =
      given.length === 0
        ? []
        : [words, [...given, family], [family, given[0] ?? ''], [given[0] ?? '', family]]
    const alone = words
      .filter((word) => word.length >= SHORTEST_WORD && !isSyllable(word))
      .map((word) => [word])
    return [...orders, ...alone].map(asName)
  })
}

const UMLAUTS: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  Ä: 'Ae',
  Ö: 'Oe',
  Ü: 'Ue',
  ß: 'ss',
}
const umlautsWritten = (text: string): string => text.replaceAll(/[äöüÄÖÜß]/g, (one) => UMLAUTS[one] ?? one)

function numberForms(text: string): WantedText[] {
  const digits = text.replaceAll(/[^\dXx]/g, '')
  if (digits.length < SHORTEST_DIGITS) return []
  const apart = digits.length < UNMISTAKABLE_DIGITS ? 'from-both' : 'from-digits'
  const national = digits.replace(/^(?:00)?86(?=1\d{10}$)/, '')
  const parts = text.split(/[\s()./+-]+/).filter((part) => part !== '')
  const idCard = /^\d{17}[\dXx]$/.test(digits) ? idCardForms(digits) : []
  return [...[[digits], [national], parts].map((ones): WantedText => ({ parts: ones, apart })), ...idCard]
}

/** Its old form, its usual grouping, and the day of birth in it. */
function idCardForms(number: string): WantedText[] {
  const old = number.slice(0, 6) + number.slice(8, 17)
  const grouped = [number.slice(0, 6), number.slice(6, 14), number.slice(14)]
  const forms = [[old], grouped].map((parts): WantedText => ({ parts, apart: 'from-digits' }))
  return [...forms, ...dateForms(number.slice(6, 10), number.slice(10, 12), number.slice(12, 14))]
}

function identifierForms(text: string): WantedText[] {
  const parts = text.match(/[\p{L}\p{N}@]+/gu) ?? []
  return parts.join('').length < SHORTEST_NUMBER ? [] : [{ parts, apart: 'from-both' }]
}

function addressForms(text: string): WantedText[] {
  const lines = [text, ...text.split(/[,，;；^]/)].map((line) => line.replaceAll(/[\s,，;；^]/g, ''))
  return Array.from(new Set(lines))
    .filter((line) => line.length >= SHORTEST_WORD)
    .map((line) => ({ parts: Array.from(line), apart: 'no' }))
}

function dateForms(year: string, month: string, day: string): WantedText[] {
  const [m, d] = [month.padStart(2, '0'), day.padStart(2, '0')]
  const short = [String(Number(m)), String(Number(d))]
  const name = MONTHS[Number(m) - 1] ?? ''
  const orders = [
    [year, m, d],
    [d, m, year],
    [m, d, year],
    [year, ...short],
    [...short.toReversed(), year],
    [...short, year],
    [d, name, year],
    [name, d, year],
    [year, '年', m, '月', d],
    [year, '年', short[0] ?? '', '月', short[1] ?? '', '日'],
  ]
  return orders.map((parts) => ({ parts, apart: 'from-digits' }))
}
