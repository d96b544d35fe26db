import type { Patient } from './order.ts'

/** Signs that replace a character that was lost on the way; they never belong to a name. */
const LOST_CHARACTER = /[?？\uFFFD\p{Cc}]/u

/**
 * True if the patient may be sent as fact: the ID is not empty, and the name has at least one letter and no sign of a lost
 * character. Worklists that cannot write a name send it empty or full of question marks.
 */
export function isUsable({ name, id }: Patient): boolean {
  return isWholeName(name) && id.trim() !== '' && !LOST_CHARACTER.test(id)
}

/** True if the text has at least one letter and no sign of a lost character. */
export function isWholeName(name: string): boolean {
  return /\p{L}/u.test(name) && !LOST_CHARACTER.test(name)
}

/**
 * True if both records can only mean one person: the same ID, and nothing else contradicts. Two systems may use one ID for
 * different persons, so a different name, birth date, sex or issuer counts.
 */
export function isSamePerson(a: Patient, b: Patient): boolean {
  if (a.id.trim() === '' || a.id.trim() !== b.id.trim()) return false
  if (differ(a.issuer, b.issuer) || differ(a.birthDate, b.birthDate) || differ(a.sex, b.sex)) return false
  if (!isWholeName(a.name) || !isWholeName(b.name)) return true
  const groups = nameGroups(b.name)
  return nameGroups(a.name).some((group) => groups.includes(group))
}

/** True if both values are known and unequal. */
export function differ(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.trim() !== b.trim()
}

/** The groups of a PN (alphabetic, ideographic, phonetic) without separators and case: 张^三 and 张三 are one name. */
const nameGroups = (name: string): string[] =>
  name
    .normalize('NFKC')
    .split('=')
    .map((group) => group.replace(/[\s^·.,-]/g, '').toLowerCase())
    .filter((group) => group !== '')
