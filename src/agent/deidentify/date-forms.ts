import { JOINT, type SearchForm, SURE_JOINT } from './search-form.ts'

const MONTHS = [
  'jan(?:uary)?',
  'feb(?:ruary)?',
  'mar(?:ch)?',
  'apr(?:il)?',
  'may',
  'june?',
  'july?',
  'aug(?:ust)?',
  'sept?(?:ember)?',
  'oct(?:ober)?',
  'nov(?:ember)?',
  'dec(?:ember)?',
]
const CHINESE_DIGITS = ['[〇零○0]', '一', '二', '三', '四', '五', '六', '七', '八', '九']

/** A day in the notations that people and systems use, by numbers and by names; empty for what is no DA value. */
export function dateForms(text: string): SearchForm[] {
  const parts = /^\s*(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})/.exec(text)
  if (parts === null) return []
  const [, year = '', month = '', day = ''] = parts
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return []
  return [...byNumbers(year, month, day), ...byNames(year, month, day), inChinese(year, month, day)]
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
    `${year}${JOINT}年${JOINT}${m}${JOINT}月${JOINT}${d}(?!\\d)(?:\\s?[日号])?`,
  ]
  // A year of two digits only in full dates with signs, and not within versions or UIDs.
  const shortOrders = [
    [short, month, day],
    [day, month, short],
    [month, day, short],
  ].flatMap((order) => ['-', '/', String.raw`\.`].map((sign) => order.join(sign)))
  return [
    ...orders.map((source) => ({ source, apart: 'from-digits' as const })),
    ...shortOrders.map((source) => ({ source, apart: 'from-numbers' as const })),
  ]
}

function byNames(year: string, month: string, day: string): SearchForm[] {
  const name = `${MONTHS[Number(month) - 1]}\\.?`
  const d = `${loose(day)}(?:st|nd|rd|th)?`
  const y = `(?:${year}|${year.slice(2)})`
  return [d + JOINT + name + JOINT + y, name + JOINT + d + JOINT + y, y + JOINT + name + JOINT + d].map(
    (source) => ({
      source,
      apart: 'from-both',
    }),
  )
}

/** 一九七〇年一月三十一日. */
function inChinese(year: string, month: string, day: string): SearchForm {
  const digits = Array.from(year, (digit) => CHINESE_DIGITS[Number(digit)]).join('')
  const source = `${digits}年${chineseNumber(month)}月${chineseNumber(day)}`
  return { source: `${source}(?![一二三四五六七八九十])[日号]?`, apart: 'no' }
}

function chineseNumber(text: string): string {
  const [tens, ones] = [Math.floor(Number(text) / 10), Number(text) % 10]
  const unit = ones === 0 ? '' : (CHINESE_DIGITS[ones] ?? '')
  if (tens === 0) return unit
  return `${tens === 1 ? '' : CHINESE_DIGITS[tens]}十${unit}`
}

const loose = (twoDigits: string): string => twoDigits.replace(/^0/, '0?')
