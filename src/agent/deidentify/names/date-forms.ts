import { JOINT, type SearchForm, SURE_JOINT } from './search-form.ts'

/** By month, in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish and Russian; accents are folded away. */
const MONTHS = [
  'jan(?:uary|uar|uari|vier|eiro)?|janv|enero|gennaio|stycznia|января',
  'feb(?:ruary|ruar|ruari|rero|braio)?|fevr?(?:ier|ereiro)?|lutego|февраля',
  'mar(?:ch|s|zo|co|ca)?|marz|maerz|maart|mrt|марта',
  'apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|kwietnia|апреля',
  'may|mai|mayo|maggio|maio|mei|maja|мая',
  'june?|juni|juin|junio|giugno|junho|czerwca|июня',
  'july?|juli|juillet|julio|luglio|julho|lipca|июля',
  'aug(?:ust|ustus)?|aout|agosto|ago|sierpnia|августа',
  'sept?(?:ember|embre|iembre)?|settembre|setembro|wrzesnia|сентября',
  'oct(?:ober|obre|ubre)?|okt(?:ober)?|ottobre|out(?:ubro)?|pazdziernika|октября',
  'nov(?:ember|embre|iembre|embro)?|listopada|ноября',
  'dec(?:ember|embre)?|dez(?:ember|embro)?|dic(?:iembre|embre)?|grudnia|декабря',
]
const CHINESE_DIGITS = ['[〇零○0]', '一', '二', '三', '四', '五', '六', '七', '八', '九']

/**
 * Returns the notations of a day that people and systems use, by numbers and by names; empty for a text that is not a
 * DA value.
 */
export function dateForms(text: string): SearchForm[] {
  const parts = /^\s*(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})/.exec(text)
  if (parts === null) return []
  const [, year = '', month = '', day = ''] = parts
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return []
  return [
    ...byNumbers(year, month, day),
    ...byNames(year, month, day),
    inChinese(year, month, day),
    ...byEras(year, month, day),
    ...byCounts(year, month, day),
  ]
}

function byNumbers(year: string, month: string, day: string): SearchForm[] {
  const [m, d, short] = [loose(month), loose(day), year.slice(2)]
  const orders = [
    `${year}${month}${day}(?:\\d{4}|\\d{6})?`,
    year + JOINT + month + JOINT + day,
    day + JOINT + month + JOINT + year,
    month + JOINT + day + JOINT + year,
    year + SURE_JOINT + m + SURE_JOINT + d,
    d + SURE_JOINT + m + SURE_JOINT + year,
    m + SURE_JOINT + d + SURE_JOINT + year,
    `${year}${JOINT}[年년]${JOINT}${m}${JOINT}[月월]${JOINT}${d}(?!\\d)(?:\\s?[日号일])?`,
    // Even without its year it reveals the number of days by which other dates were shifted, except for whole
    // years.
    `${m}${JOINT}[月월]${JOINT}${d}\\s?[日号일]`,
  ]
  // A year of two digits counts only in full dates with separators, and not within versions or UIDs.
  const shortOrders = [
    [short, month, day],
    [day, month, short],
    [month, day, short],
  ].flatMap((order) => ['', '-', '/', String.raw`\.`].map((sign) => order.join(sign)))
  // Without leading zeros only with separators that do not occur in versions.
  const looseOrders = [
    [short, m, d],
    [d, m, short],
    [m, d, short],
  ].flatMap((order) => ['-', '/'].map((sign) => order.join(sign)))
  shortOrders.push(...looseOrders)
  return [
    ...orders.map((source) => ({ source, apart: 'from-digits' as const })),
    ...shortOrders.map((source) => ({ source, apart: 'from-numbers' as const })),
  ]
}

/** With a year, or without. */
function byNames(year: string, month: string, day: string): SearchForm[] {
  const name = `(?:${MONTHS[Number(month) - 1]})\\.?`
  const d = `${loose(day)}(?:st|nd|rd|th|er)?`
  const y = `(?:${year}|${year.slice(2)})`
  const joint = `${JOINT}(?:(?:of|de|di)\\s)?`
  return [
    d + joint + name + joint + y,
    name + JOINT + d + JOINT + y,
    y + JOINT + name + JOINT + d,
    d + joint + name,
    name + JOINT + d,
  ].map((source) => ({ source, apart: 'from-both' }))
}

/** 一九七〇年一月三十一日. */
function inChinese(year: string, month: string, day: string): SearchForm {
  const digits = Array.from(year, (digit) => CHINESE_DIGITS[Number(digit)]).join('')
  const source = `${digits}年${chineseNumber(month)}月${chineseNumber(day)}`
  return { source: `${source}(?![一二三四五六七八九十])[日号]?`, apart: 'no' }
}

/** Years of the Republic of China (民國115年, 115/11/30) and of Japan's reigns (令和8年, R8.11.30). */
function byEras(year: string, month: string, day: string): SearchForm[] {
  const [m, d] = [loose(month), loose(day)]
  const republic = String(Number(year) - 1911)
  const inWords = `${JOINT}年${JOINT}${m}${JOINT}月${JOINT}${d}(?!\\d)(?:\\s?[日号])?`
  const reigns = REIGNS.filter(({ first }) => Number(year) >= first).flatMap(({ first, names }) => {
    const count = Number(year) - first + 1
    const years = count === 1 ? '(?:1|元)' : String(count)
    return [`(?:${names})${JOINT}${years}${inWords}`, `(?:${names})${years}[./-]${m}[./-]${d}`]
  })
  const byRepublic = [`${republic}${inWords}`, `${republic}[./-]${month}[./-]${day}`]
  return [
    { source: `民国${JOINT}${republic}${inWords}`, apart: 'no' },
    ...byRepublic.map((source) => ({ source, apart: 'from-numbers' as const })),
    ...reigns.map((source) => ({ source, apart: 'from-both' as const })),
  ]
}

/** The last year of a reign is the first of the next; later years of an ended reign are still written. */
const REIGNS = [
  { first: 1926, names: '昭和|s' },
  { first: 1989, names: '平成|h' },
  { first: 2019, names: '令和|r' },
]

const DAY_SECONDS = 86_400
/** The clock of a device may be in any time zone. */
const ZONES_SECONDS = 14 * 3600
const DAY_MS = 1000 * DAY_SECONDS

/** The day of the year (2026-334), and seconds, milliseconds or microseconds since 1970 in any time zone. */
function byCounts(year: string, month: string, day: string): SearchForm[] {
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const dayOfYear = String(1 + (at - Date.UTC(Number(year), 0, 1)) / DAY_MS).padStart(3, '0')
  const [first, last] = [at / 1000 - ZONES_SECONDS, at / 1000 + DAY_SECONDS + ZONES_SECONDS]
  const forms: SearchForm[] = [{ source: `${year}-${dayOfYear}`, apart: 'from-numbers' }]
  // A shorter number could count anything.
  if (first < 1e9) return forms
  const heads = Array.from(
    { length: Math.floor(last / 1e4) - Math.floor(first / 1e4) + 1 },
    (_, i) => Math.floor(first / 1e4) + i,
  )
  const source = `(?:${heads.join('|')})\\d{4}(?:\\d{3}|\\d{6})?`
  return [...forms, { source, apart: 'from-digits' }]
}

function chineseNumber(text: string): string {
  const [tens, ones] = [Math.floor(Number(text) / 10), Number(text) % 10]
  const unit = ones === 0 ? '' : (CHINESE_DIGITS[ones] ?? '')
  if (tens === 0) return unit
  return `${tens === 1 ? '' : CHINESE_DIGITS[tens]}十${unit}`
}

const loose = (twoDigits: string): string => twoDigits.replace(/^0/, '0?')
