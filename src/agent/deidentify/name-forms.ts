const HAN = /\p{Script=Han}/u
/** How a person is spoken of by the family name alone. */
const FORMS_OF_ADDRESS = ['某', '某某', '先生', '女士', '小姐', '太太', '老师', '医生', '主任']
const JOINTS = ['', ' ', '^', ',', ', ', '_', '-', '.', '·']
/** Shorter words are too common to be searched alone. */
const SHORTEST_LATIN = 3

/** Texts that give a person away; `isWord`: only where no letter or digit stands beside it. */
export interface SearchedText {
  readonly text: string
  readonly isWord: boolean
}

/**
 * The ways in which a PN value (its component groups parted by =, PS3.5 §6.2.1) is written elsewhere: whole, in either
 * order, joined in several ways, its parts alone.
 */
export function nameForms(personName: string): SearchedText[] {
  return personName.split('\\').flatMap((name) => name.split('=').flatMap(groupForms))
}

function groupForms(group: string): SearchedText[] {
  const components = group.split('^').slice(0, 3)
  const parts = components.flatMap((part) => part.trim().split(/[\s,]+/u)).filter((part) => part !== '')
  const [family = '', ...given] = parts
  if (family === '') return []
  if (HAN.test(group)) return hanForms(family, given.join(''))
  return latinForms(family, given)
}

function hanForms(family: string, given: string): SearchedText[] {
  const whole = given === '' ? [family] : orders(family, given)
  const parts = [family, given].filter((part) => part.length >= 2)
  const addressed = family.length <= 2 ? FORMS_OF_ADDRESS.map((form) => family + form) : []
  return [...whole, ...parts, ...addressed]
    .filter((text) => text.length >= 2)
    .map((text) => ({ text, isWord: false }))
}

function latinForms(family: string, given: readonly string[]): SearchedText[] {
  const joined = given.flatMap((_, i) => [given.slice(0, i + 1).join(' '), given.slice(0, i + 1).join('')])
  const whole = new Set(joined.flatMap((name) => orders(family, name)))
  const tokens = [family, ...given, ...given.flatMap((part) => part.split('-'))]
  return [
    ...Array.from(whole, (text) => ({ text, isWord: text.length < 6 })),
    ...tokens.filter((part) => part.length >= SHORTEST_LATIN).map((text) => ({ text, isWord: true })),
  ]
}

function orders(family: string, given: string): string[] {
  return JOINTS.flatMap((joint) => [family + joint + given, given + joint + family])
}
