import { chineseNameForms } from './chinese-name-forms.ts'
import { latinNameForms } from './latin-name-forms.ts'
import type { SearchForm } from './search-form.ts'

const CHINESE_LIKE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u

/**
 * The ways in which a PN value (its component groups separated by =, PS3.5 §6.2.1) is written elsewhere: whole, in either
 * order, joined in several ways, its parts alone unless they are common words.
 */
export function nameForms(personName: string): SearchForm[] {
  return personName
    .split(/[\\=]/)
    .map((group) => group.normalize('NFC').trim())
    .flatMap((group) => (CHINESE_LIKE.test(group) ? mixedForms(group) : latinNameForms(group)))
}

/** Some devices write both scripts in one group: 张三 ZHANG SAN. */
function mixedForms(group: string): SearchForm[] {
  const latin = group.replaceAll(/[^\p{Script=Latin}\s^,.-]+/gu, ' ').replaceAll(/^[\s^,]+|[\s^,]+$/g, '')
  const chinese = group.replaceAll(/[\p{ASCII}--[\s^,]]+/gv, ' ')
  return [...chineseNameForms(chinese), ...(/\p{L}{2}/u.test(latin) ? latinNameForms(latin) : [])]
}
