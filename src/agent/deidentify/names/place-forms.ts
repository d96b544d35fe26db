import { isCommonWord } from './common-words.ts'
import { foldText } from './fold-text.ts'
import { literally, type SearchForm } from './search-form.ts'

const SHORTEST = 4
const SHORTEST_STREET = 5
const GAP = String.raw`[\s,，;；、^\\-]{0,3}`

/** An address, its lines, and in Chinese what is left of it without province, city and district. */
export function placeForms(text: string): SearchForm[] {
  const whole = foldText(text.normalize('NFC')).trim()
  const lines = whole.split(/[\\^,，;；\r\n]/).map((part) => part.trim())
  const parts = new Set([whole, ...lines, ...[whole, ...lines].flatMap(streets)])
  return Array.from(parts)
    .filter((part) => part.length >= SHORTEST && !isCommonWord(part) && /\p{L}/u.test(part))
    .map(placeForm)
}

function placeForm(part: string): SearchForm {
  const isLatin = /^[\0-\x7f]*$/.test(part)
  const words = part.split(/[\s,，;；、^\\-]+/).filter((word) => word !== '')
  const source = words.map(literally).join(GAP)
  return isLatin ? { source, apart: 'from-both' } : { source, apart: 'no', literals: [part] }
}

/** 建国路88号 of 北京市朝阳区建国路88号. */
function streets(address: string): string[] {
  const found = Array.from(address.matchAll(/[省市区县旗镇乡村]/g), ({ index }) => address.slice(index + 1))
  return found.filter((rest) => rest.length >= SHORTEST_STREET && /[路街巷道弄村号栋室组]/.test(rest))
}
