import { isCommonWord } from './common-words.ts'
import { foldText } from './fold-text.ts'
import { ADDRESSED_BEHIND } from './forms-of-address.ts'
import { addressedForms, inBothOrders } from './latin-name-forms.ts'
import { pinyinOf } from './pinyin.ts'
import { either, JOINT, literally, type SearchForm, SURE_JOINT } from './search-form.ts'

/** Family names of two characters; common words are not searched on their own. */
const DOUBLE_FAMILY_NAMES: ReadonlySet<string> = new Set(
  (
    '欧阳 司马 上官 诸葛 尉迟 公孙 慕容 司徒 令狐 皇甫 宇文 长孙 夏侯 轩辕 端木 百里 东方 南宫 西门 独孤 万俟 闻人 澹台 公冶 宗政 濮阳 淳于 单于 太叔 ' +
    '申屠 仲孙 钟离 鲜于 闾丘 司空 亓官 司寇 仉督 子车 颛孙 巫马 公西 漆雕 乐正 壤驷 公良 拓跋 夹谷 宰父 谷梁 段干 东郭 呼延 羊舌 左丘 第五 赫连 完颜 纳兰 那拉'
  ).split(' '),
)
const WORDS_TOO: ReadonlySet<string> = new Set(['东方', '第五', '百里', '西门', '司空'])
/** A comma may separate two words of a document; it does not separate three words that form a name by accident. */
const NARROW_JOINT = String.raw`[\s^=·_\\|-]{0,3}`
const SURE = String.raw`[\s^=·_\\|,-]{1,3}`
const LONGEST_NAME = 4
const SHORTEST_PINYIN_JOINED = 4
const SHORTEST_PINYIN_GIVEN = 5
const MASKS = String.raw`[某*×〇○＊]{1,2}`

/** Returns the forms of a component group in Chinese characters, or Hangul or kana: 张^小明, 张小明, 阿卜杜拉·买买提. */
export function chineseNameForms(group: string): SearchForm[] {
  const [family = '', ...rest] = foldText(group.replaceAll(/[\p{ASCII}--[\s^,]]/gv, ''))
    .split(/[\s^,·]+/)
    .filter((part) => part !== '')
  const given = rest.join('')
  if (given !== '') return formsOf(family, given, rest)
  const length = Array.from(family).length
  if (length < 2) return []
  const split = splitName(family)
  return length <= LONGEST_NAME ? formsOf(split.family, split.given, [split.given]) : [form(family)]
}

function splitName(whole: string): { family: string; given: string } {
  const [first = '', second = '', ...others] = whole
  const isDouble = DOUBLE_FAMILY_NAMES.has(first + second) && others.length > 0
  return isDouble
    ? { family: first + second, given: others.join('') }
    : { family: first, given: second + others.join('') }
}

function formsOf(family: string, given: string, givenParts: readonly string[]): SearchForm[] {
  const [isShortGiven, isShortFamily] = [given, family].map((part) => Array.from(part).length < 2)
  const joint = family.length + given.length > 2 ? JOINT : NARROW_JOINT
  const parts = [given, ...givenParts, family].filter(
    (part) => Array.from(part).length >= 2 && !WORDS_TOO.has(part),
  )
  return [
    form(family + given, spaced(family + given, joint)),
    // 峰高 is not a name; 峰 高 could be one.
    form(given + family, spaced(given, joint) + (isShortGiven ? SURE : JOINT) + spaced(family, joint)),
    ...parts.map((part) => form(part, spaced(part, NARROW_JOINT))),
    { source: `${family}${ADDRESSED_BEHIND}`, apart: 'no' },
    ...(isShortFamily ? [{ source: `${literally(family)}${MASKS}`, apart: 'no' } as const] : []),
    ...pinyinForms(family, given),
  ]
}

function form(text: string, source = spaced(text, NARROW_JOINT)): SearchForm {
  return { source, apart: 'no', literals: Array.from(text).length < 2 ? [] : [text] }
}

const spaced = (text: string, joint: string): string =>
  Array.from(text, (character) => literally(character)).join(joint)

/** The name in letters, as it is pronounced; each syllable in all readings that the character has in names. */
function pinyinForms(family: string, given: string): SearchForm[] {
  const [last, first] = [syllables(family), syllables(given)]
  if (last === undefined || first === undefined) return []
  const length = shortest(last) + shortest(first)
  const joint = length < SHORTEST_PINYIN_JOINED ? SURE_JOINT : JOINT
  const [lastSource, firstSource] = [last, first].map((ones) => ones.map(either).join(JOINT))
  if (lastSource === undefined || firstSource === undefined) return []
  return [
    ...inBothOrders(lastSource, firstSource, joint, length),
    ...(isTelling(first) ? [{ source: firstSource, apart: 'from-letters' } as const] : []),
    ...addressedForms(lastSource, firstSource),
  ]
}

function syllables(characters: string): (readonly string[])[] | undefined {
  const readings = Array.from(characters, pinyinOf)
  return readings.length === 0 || readings.some((ones) => ones.length === 0) ? undefined : readings
}

const shortest = (readings: readonly (readonly string[])[]): number =>
  readings.reduce((sum, ones) => sum + Math.min(...ones.map((one) => one.length)), 0)

/** Returns true for a given name of two syllables that form no other word. */
function isTelling(given: readonly (readonly string[])[]): boolean {
  if (given.length < 2 || shortest(given) < SHORTEST_PINYIN_GIVEN) return false
  const joined = given.reduce<string[]>(
    (heads, ones) => heads.flatMap((head) => ones.map((one) => head + one)),
    [''],
  )
  return !joined.some(isCommonWord)
}
