import { PINYIN_TABLE } from './han-table.ts'

/** Characters with a different reading, or several, in names (the family name's reading first). */
const SEVERAL = `
单shan,dan 解xie,jie 曾zeng,ceng 仇qiu,chou 查zha,cha 区ou,qu 朴piao,pu,park 盖ge,gai 翟zhai,di 尉wei,yu 乐le,yue,lao
召shao,zhao 种chong,zhong 秘bi,mi 缪miao,mou,miu 宓mi,fu 薄bo,bao 柏bai,bo 车che,ju 覃qin,tan 谌chen,shen 牟mou,mu
隗wei,kui 郗xi,chi 员yun,yuan 繁po,fan 折she,zhe 黑he,hei 祭zhai,ji 冼xian,sheng 洗xian,xi 贾jia,gu 俞yu,shu 晁chao,zhao
盛sheng,cheng 石shi,dan 沈shen,chen 郇xun,huan 佴nai,er 乜nie,mie 那na,nuo 过guo 华hua 任ren 宁ning 应ying 燕yan 訾zi
逄pang 钭tou 阚kan,han 亓qi 仉zhang 妫gui 殷yin 强qiang,jiang 降jiang,xiang 褚chu,zhu 万wan,mo 俟qi,si 澹tan,dan
长chang,zhang 重zhong,chong 行xing,hang 朝chao,zhao 晟sheng,cheng 茜qian,xi 娜na,nuo 卜bu,bo 都du,dou 参can,shen
传chuan,zhuan 调diao,tiao 兴xing 省sheng,xing 校xiao,jiao 恒heng 弹dan,tan 处chu 合he 奇qi,ji 佛fo,fu 倩qian 葛ge
还huan,hai 和he,huo 藏zang,cang 臧zang 纪ji 哈ha 会hui,kuai 角jiao,jue 觉jue,jiao 嘉jia 荥ying,xing 峙zhi,shi 莘xin,shen
圳zhen,chou 尹yin 尧yao 若ruo,re 彤tong 婷ting 色se,shai 少shao 识shi,zhi 似si,shi 提ti,di 吾wu 斐fei 贲ben,bi 筠yun,jun
瑶yao 缇ti 曲qu 仔zai,zi 栖qi,xi 铅qian,yan 殖zhi,shi 蒙meng 泊bo,po 红hong,gong 厦xia,sha 涌yong,chong 钥yue,yao 予yu
`

const READINGS: ReadonlyMap<string, readonly string[]> = read()
const SYLLABLES: ReadonlySet<string> = new Set(Array.from(READINGS.values()).flatMap(spelled))

/** The readings of a character, without tones; ü in the spellings that are in use. Empty for other characters. */
export function pinyinOf(character: string): readonly string[] {
  return spelled(READINGS.get(character) ?? [])
}

export const isPinyinSyllable = (word: string): boolean => SYLLABLES.has(word.toLowerCase())

/**
 * Returns the ways to split a word such as xiaoming into two or more syllables; empty for a word that is not pinyin.
 */
export function syllablesOf(word: string): string[][] {
  if (word.length > LONGEST_WORD) return []
  return parts(word.toLowerCase(), '').filter((syllables) => syllables.length > 1)
}

const LONGEST_WORD = 18
const LONGEST_SYLLABLE = 6

function parts(rest: string, before: string): string[][] {
  if (rest === '') return [[]]
  const found: string[][] = []
  for (let length = 1; length <= Math.min(LONGEST_SYLLABLE, rest.length); length++) {
    const syllable = rest.slice(0, length)
    // Within a word single vowels only begin it or follow a consonant; otherwise every word could be split.
    if (!SYLLABLES.has(syllable) || (length === 1 && before !== '')) continue
    for (const others of parts(rest.slice(length), syllable)) found.push([syllable, ...others])
  }
  return found
}

function spelled(readings: readonly string[]): string[] {
  return readings.flatMap((reading) =>
    reading.includes('v')
      ? [reading, reading.replace('v', 'u'), reading.replace('v', 'yu')]
      : reading === 'lue' || reading === 'nue'
        ? [reading, reading.replace('u', 'v')]
        : [reading],
  )
}

function read(): Map<string, readonly string[]> {
  const readings = new Map<string, readonly string[]>()
  for (const row of PINYIN_TABLE.trim().split('\n')) {
    const [syllable = '', characters = ''] = row.split(' ')
    for (const character of characters) readings.set(character, [syllable])
  }
  for (const [, character = '', several = ''] of SEVERAL.matchAll(/(\P{ASCII})([a-z,]+)/gu))
    readings.set(character, several.split(','))
  return readings
}
