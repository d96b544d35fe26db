import { isCommonWord } from './common-words.ts'
import { ADDRESSED_BEHIND, addressedBefore } from './forms-of-address.ts'
import { isPinyinSyllable, syllablesOf } from './pinyin.ts'
import { either, JOINT, literally, type SearchForm, SURE_JOINT } from './search-form.ts'

/** Minimum number of letters of a whole name that is also found within words. */
const UNMISTAKABLE = 8
/** Minimum number of letters of a whole name with nothing between its parts: LIE could be any word. */
const SHORTEST_JOINED = 4
const SHORTEST_PART = 3
const TITLES = /^(?:dr|mr|mrs|ms|miss|prof|md|phd|jr|sr|ii|iii)$/i

/** Returns the forms of a component group in letters: MÜLLER^HANS PETER, ZHANG^XIAOMING, or without delimiters. */
export function latinNameForms(group: string): SearchForm[] {
  const { family, given, others } = partsOf(group)
  const words = [...family, ...given, ...others]
  if (words.length === 0) return []
  const alone = new Set([...words, ...words.flatMap((word) => word.split('-'))])
  return [
    ...wholeForms(family, given),
    ...others.flatMap((other) => [
      ...wholeForms([other], given),
      ...wholeForms(family, [other]),
      ...addressedForms(letters(other), given.map(letters).join(JOINT)),
    ]),
    ...(given.length === 0 ? unpartedForms(family) : []),
    ...initialForms(family, given),
    ...Array.from(alone).flatMap(aloneForms),
    ...(family.length > 0
      ? addressedForms(family.map(letters).join(JOINT), given.map(letters).join(JOINT))
      : []),
  ]
}

interface NameParts {
  readonly family: string[]
  readonly given: string[]
  /** Words of prefix and suffix that are not titles: some devices write a name there. */
  readonly others: string[]
}

/**
 * Returns the parts without titles. A family or given name that is missing is looked for in the suffix and prefix. Without
 * delimiters the first word counts as the family name, and both orders are tried.
 */
function partsOf(group: string): NameParts {
  const [family = '', given = '', middle = '', prefix = '', ...suffixes] = group.split(
    group.includes('^') ? '^' : ',',
  )
  const known = { family: wordsOf(family), given: [...wordsOf(given), ...wordsOf(middle)] }
  const others = wordsOf([...suffixes, prefix].join(' ')).filter((word) => word.length > 1)
  const isWhole = known.family.length > 0 && known.given.length > 0
  const isOneWord = known.given.length === 0 && known.family.length < 2
  if (isWhole || (others.length === 0 && (known.given.length > 0 || isOneWord))) return { ...known, others }
  const words = [...known.family, ...known.given, ...others]
  return { family: words.slice(0, 1), given: words.slice(1), others: [] }
}

function wordsOf(component: string): string[] {
  return component.split(/[\s,._()/*]+/).filter((word) => /\p{L}/u.test(word) && !TITLES.test(word))
}

function wholeForms(family: readonly string[], given: readonly string[]): SearchForm[] {
  const last = family.map(letters).join(JOINT)
  return given.flatMap((_, i) => {
    const names = given.slice(0, i + 1)
    const first = names.map(letters).join(JOINT)
    const length = [...family, ...names].join('').length
    // A single letter is an initial, which only counts if it is separate.
    const joint = length < SHORTEST_JOINED || first.length === 1 || last.length === 1 ? SURE_JOINT : JOINT
    if (length < 3) return []
    return inBothOrders(last, first, joint, length)
  })
}

/** ZHANGXIAOMING as one word: its first syllable is the family name. */
function unpartedForms([word = '', ...others]: readonly string[]): SearchForm[] {
  if (others.length > 0) return []
  return syllablesOf(word).flatMap(([first = '', ...rest]) => wholeForms([first], [rest.join('')]))
}

export function inBothOrders(last: string, first: string, joint: string, length: number): SearchForm[] {
  const apart = length >= UNMISTAKABLE && joint === JOINT ? 'no' : 'from-letters'
  return [last + joint + first, first + joint + last].map((source) => ({ source, apart }))
}

/** Smith J; J. Smith. After a family name of two letters a sign is required: LI, X. */
function initialForms(family: readonly string[], given: readonly string[]): SearchForm[] {
  const name = family.join('')
  if (given.length === 0 || name.length < 2) return []
  const syllables = given.flatMap((word) => syllablesOf(word)[0] ?? word.split('-'))
  const initials = Array.from(new Set([given, syllables]), (words) =>
    words.map((word) => letters(word[0] ?? '')).join(JOINT),
  )
  const joint = name.length === 2 ? String.raw`\s?[.,^]\s?` : SURE_JOINT
  return initials.flatMap((first) =>
    [letters(name) + joint + first, first + joint + letters(name)].map(
      (source): SearchForm => ({ source, apart: 'from-both' }),
    ),
  )
}

/** A single syllable of pinyin does not name a person. */
function aloneForms(word: string): SearchForm[] {
  const name = word.replaceAll(/\P{L}/gu, '')
  if (name.length < SHORTEST_PART || isCommonWord(name) || isPinyinSyllable(name)) return []
  return [{ source: letters(word), apart: 'from-letters' }]
}

/** Mr Li; 李先生 written with letters: LI先生. */
export function addressedForms(family: string, given: string): SearchForm[] {
  const name = given === '' ? family : `${family}(?:${JOINT}${given})?`
  return [
    { source: addressedBefore(name), apart: 'from-letters' },
    { source: String.raw`${family}\s?${ADDRESSED_BEHIND}`, apart: 'from-letters' },
  ]
}

/** A word as it may be spelled: umlauts in two ways, pinyin also in syllables. */
function letters(word: string): string {
  const syllables = syllablesOf(word).map((ones) => ones.join(JOINT))
  if (syllables.length > 0 && syllables.length < 4) return either([spell(word), ...syllables])
  return spell(word)
}

function spell(word: string): string {
  return Array.from(word, (letter) => {
    const known = SPELLINGS[letter.toLowerCase()]
    if (known !== undefined) return known
    const base = letter.normalize('NFD')[0] ?? ''
    if (/[-'’´`]/.test(letter)) return String.raw`[\s'’´\x60-]?`
    return literally(/^[a-z]$/i.test(base) ? base.toLowerCase() : letter)
  }).join('')
}

/** Over folded text, where ü is u. */
const SPELLINGS: Readonly<Record<string, string>> = {
  ä: 'ae?',
  ö: 'oe?',
  ü: '(?:ue?|v|yu)',
  å: 'aa?',
  ø: 'oe?',
  ß: '(?:ss?|ß)',
  æ: '(?:ae|æ)',
}
