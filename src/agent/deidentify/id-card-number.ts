const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK_CHARACTERS = '10X98765432'

/** True for a resident identity card number whose check character holds (GB 11643-1999: ISO 7064, MOD 11-2). */
export function isIdCardNumber(text: string): boolean {
  if (!/^\d{17}[\dXx]$/.test(text)) return false
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(text[i]), 0)
  return CHECK_CHARACTERS[sum % 11] === text[17]?.toUpperCase()
}
