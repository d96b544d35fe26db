const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK_CHARACTERS = '10X98765432'

/**
 * Returns true for a resident identity card number with a valid date and check character (GB 11643-1999: ISO 7064, MOD
 * 11-2).
 */
export function isIdCardNumber(text: string): boolean {
  if (!/^[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$/.test(text))
    return false
  return checkCharacterOf(text) === text[17]?.toUpperCase()
}

/** Returns the 15-digit form that was issued until 1999: no century, no check character. */
export function oldIdCardNumber(number: string): string {
  return number.slice(0, 6) + number.slice(8, 17)
}

/** Returns the new form of an old number; undefined for a text that is not an old number. */
export function newIdCardNumber(old: string): string | undefined {
  if (!/^\d{15}$/.test(old)) return undefined
  const number = `${old.slice(0, 6)}19${old.slice(6)}`
  const whole = number + checkCharacterOf(number)
  return isIdCardNumber(whole) ? whole : undefined
}

/** The day of birth that the number holds, as yyyymmdd. */
export const birthDateIn = (number: string): string => number.slice(6, 14)

function checkCharacterOf(number: string): string {
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(number[i]), 0)
  return CHECK_CHARACTERS[sum % 11] ?? ''
}
