import { PINYIN_BOUNDARY_TABLE } from './pinyin-boundary-table.ts'

interface Boundary {
  readonly syllable: string
  readonly first: string
}

const BOUNDARIES: readonly Boundary[] = Array.from(
  PINYIN_BOUNDARY_TABLE.matchAll(/([a-z]+)(\P{ASCII})/gu),
  ([, syllable = '', first = '']) => ({ syllable, first }),
)
const COLLATOR = new Intl.Collator('zh-u-co-pinyin')
/** Family names that are read otherwise than by the dictionary; both are looked for. */
const FAMILY_READINGS: Readonly<Record<string, string>> = {
  单: 'shan',
  解: 'xie',
  曾: 'zeng',
  仇: 'qiu',
  查: 'zha',
  区: 'ou',
  朴: 'piao',
  盖: 'ge',
  翟: 'zhai',
  尉: 'yu',
  乐: 'yue',
  召: 'shao',
  缪: 'miao',
  薄: 'bo',
  覃: 'qin',
  谌: 'chen',
  任: 'ren',
  沈: 'shen',
  石: 'shi',
  盛: 'sheng',
}

const SYLLABLES: ReadonlySet<string> = new Set(BOUNDARIES.map(({ syllable }) => syllable))

/** One syllable alone does not name a person. */
export const isSyllable = (word: string): boolean => SYLLABLES.has(word.toLowerCase())

/** How a character is read, by its place in the order of the system's Chinese collation; empty for other characters. */
export function readingsOf(character: string): string[] {
  if (!/^[\u4e00-\u9fff]$/.test(character)) return []
  let [low, high] = [0, BOUNDARIES.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (COLLATOR.compare(BOUNDARIES[middle]?.first ?? '', character) <= 0) low = middle + 1
    else high = middle
  }
  const reading = BOUNDARIES[low - 1]?.syllable
  const readings = [reading, FAMILY_READINGS[character]].filter((one) => one !== undefined)
  return Array.from(
    new Set(readings.flatMap((one) => (one.includes('v') ? [one, one.replace('v', 'u')] : [one]))),
  )
}
