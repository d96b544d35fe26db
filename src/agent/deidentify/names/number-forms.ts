import { isCommonWord } from './common-words.ts'
import { dateForms } from './date-forms.ts'
import { foldText } from './fold-text.ts'
import { birthDateIn, isIdCardNumber, newIdCardNumber, oldIdCardNumber } from './id-card-number.ts'
import { JOINT, literally, type SearchForm } from './search-form.ts'

const SHORTEST = 3
/**
 * Shorter numbers of digits only could count or measure anything: they are searched only after a label that marks an
 * ID.
 */
const SHORTEST_BARE = 5
/** From this number of digits on they may be separated by spaces or hyphens, and may be inside or after letters. */
const UNMISTAKABLE = 7
const SHORTEST_REST = 6
const LABEL = String.raw`(?:\bid|\bno|\bnr|\bmrn|\bpid|号|#|:|：)[\s.:：#]{0,3}`
const DIGIT_JOINT = '[ -]?'

/**
 * Returns the notations of an identifier: as it is, without leading zeros or letters, its parts joined in other ways.
 */
export function numberForms(value: string): SearchForm[] {
  const number = foldText(value.normalize('NFC')).trim()
  const blocks = number.match(/[a-z]+|\d+|[^\0-\x7f]+/gi) ?? []
  const bare = blocks.join('')
  if (bare.length < SHORTEST || isCommonWord(bare) || /^(.)\1*$/.test(bare)) return []
  const whole = blocks.map(literally).join(JOINT)
  if (/^\d+$/.test(bare)) return [...digitForms(bare, whole), ...idCardForms(bare)]
  return [
    { source: whole, apart: apartOf(bare), literals: /[^\0-\x7f]/.test(bare) ? [number, value.trim()] : [] },
    ...(/^[a-z]+\d+$/i.test(bare) ? restForms(bare.replace(/^[a-z]+/i, '')) : []),
    ...idCardForms(bare),
  ]
}

function apartOf(bare: string): SearchForm['apart'] {
  if (/[^\0-\x7f]/.test(bare)) return 'no'
  return bare.length < UNMISTAKABLE + 1 || /^[a-z]+$/i.test(bare) ? 'from-both' : 'from-digits'
}

function digitForms(digits: string, whole: string): SearchForm[] {
  if (digits.length < SHORTEST_BARE) {
    return [`${LABEL}${digits}`, String.raw`^\s*${digits}\s*$`].map((source) => ({
      source,
      apart: 'from-both',
    }))
  }
  if (digits.length < UNMISTAKABLE) return [{ source: whole, apart: 'from-both' }]
  return [
    { source: spacedDigits(digits), apart: 'from-digits' },
    { source: whole, apart: 'from-digits' },
    ...(digits.startsWith('0') ? restForms(digits) : []),
  ]
}

/** Many identifiers contain their date of issue; that day alone does not identify a person. */
const DATE = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/

/** The rest of an identifier without leading letters or zeros. */
function restForms(digits: string): SearchForm[] {
  const rests = new Set([digits, digits.replace(/^0+/, '')])
  return Array.from(rests)
    .filter((rest) => rest.length >= SHORTEST_REST && !DATE.test(rest))
    .map((rest) => ({ source: rest, apart: rest.length < UNMISTAKABLE ? 'from-both' : 'from-digits' }))
}

const spacedDigits = (digits: string): string => Array.from(digits).join(DIGIT_JOINT)

/** Returns the other form of an identity card number, and the birth date in it. */
function idCardForms(number: string): SearchForm[] {
  const whole = isIdCardNumber(number) ? number : newIdCardNumber(number)
  if (whole === undefined) return []
  const forms = [whole, oldIdCardNumber(whole)].map(
    (digits): SearchForm => ({ source: spacedDigits(digits), apart: 'from-digits' }),
  )
  return [...forms, ...dateForms(birthDateIn(whole))]
}

const SHORTEST_PHONE = 7

/**
 * Returns a telephone number with and without the country (86) and area; or another address of PS3.3's telecom
 * information.
 */
export function phoneForms(value: string): SearchForm[] {
  const text = foldText(value.normalize('NFC')).replace(/^\s*[a-z]+:(?=\S)/i, '')
  if (text.includes('@')) return [{ source: literally(text.trim()), apart: 'from-both' }]
  const national = text.replace(/^[\s(]*(?:\+|00)86[\s)-]*/, '')
  const local = /^[\s(]*0\d{2,3}[\s)-]+(.*)$/.exec(national)?.[1] ?? ''
  return [text, national, local]
    .map((number) => number.replaceAll(/\D/g, ''))
    .filter((digits) => digits.length >= SHORTEST_PHONE)
    .flatMap((digits) => ['', '86', '0086'].map((country) => phoneForm(country, digits)))
}

const phoneForm = (country: string, digits: string): SearchForm => ({
  source: [country, ...Array.from(digits)].filter((part) => part !== '').join(JOINT),
  apart: 'from-digits',
})
