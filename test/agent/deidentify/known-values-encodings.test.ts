import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { collectKnownValues } from '../../../src/agent/deidentify/names/known-values.ts'
import { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { LeftoverSearch } from '../../../src/leftovers/leftover-search.ts'
import { EXPLICIT_LITTLE } from '../../dicom/build-data-set.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { seedOfRun } from '../../support/random.ts'

const RUNS = propertyRuns(200)

const FAMILY = Array.from(
  '王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔',
)
const GIVEN = Array.from(
  '伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国志海燕玲红宇轩浩然梓涵欣怡子墨雨桐佳琪晓东',
)
const DECLARED = [
  '',
  'ISO_IR 100',
  'ISO_IR 192',
  'GB18030',
  'GBK',
  'ISO_IR 6',
  '\\ISO 2022 IR 58',
  '\\ISO 2022 IR 87',
]
const ENCODINGS = ['utf8', 'gb18030', 'utf-16le', 'utf-16be'] as const
const seed = seedOfRun()

const chineseName = fc.record({
  family: fc.constantFrom(...FAMILY),
  given: fc
    .array(fc.constantFrom(...GIVEN), { minLength: 1, maxLength: 2 })
    .map((characters) => characters.join('')),
})
const latinName = fc.constantFrom(
  { family: 'Müller', given: 'Jörg' },
  { family: 'SMITH', given: 'JOHN' },
  { family: 'Okonkwo', given: 'Adaeze' },
  { family: 'Dvořák', given: 'Božena' },
)
const joint = fc.constantFrom('', ' ', '^', '=', '^^', ' ^ ', '_')
const before = fc.constantFrom('', 'CT of ', '患者', 'name=', 'x_')
const behind = fc.constantFrom('', ' supine', '胸部', '\\2', '.dcm')

function searchFor(name: string, declared: string, encoding: string) {
  const head = new ElementList(EXPLICIT_LITTLE)
  head.set(TAG.PatientName, 'PN', iconv.encode(name, encoding))
  return collectKnownValues(head, declared)
}

/** Returns the forms of the name that an independent search finds in the bytes. */
const leftIn = (bytes: Buffer, name: string) => new LeftoverSearch([{ line: 1, text: name }]).search(bytes)

test(`a Chinese name is found in any encoding, whatever is declared (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      chineseName,
      fc.constantFrom(...ENCODINGS),
      fc.constantFrom(...DECLARED),
      joint,
      before,
      behind,
      ({ family, given }, encoding, declared, sign, head, tail) => {
        const name = `${family}^${given}`
        const value = iconv.encode(head + family + sign + given + tail, encoding)
        expect(leftIn(value, name)).not.toEqual([])
        const scrubbed = searchFor(name, 'ISO_IR 192', 'utf8').scrub(value, declared, 'LO')
        expect(leftIn(scrubbed, name)).toEqual([])
      },
    ),
    { seed, numRuns: RUNS },
  )
})

test.each(['utf-16le', 'utf-16be'])(
  'a name whose bytes in %s are all below 80 is found, be they letters or controls',
  (encoding) => {
    const families = Array.from({ length: 0x80 }, (_, low) => String.fromCharCode(0x4e00 + low))
    const found = families.flatMap((family) =>
      ['光', '怡', '上'].flatMap((given) => {
        const value = iconv.encode(family + given, encoding)
        const search = searchFor(`${family}^${given}`, 'ISO_IR 192', 'utf8')
        return DECLARED.filter((declared) => search.scrub(value, declared, 'LO').includes(value)).map(
          (declared) => `${family}${given} in ${declared}`,
        )
      }),
    )
    expect(found).toEqual([])
  },
)

test(`a name that was itself declared wrongly is found in other encodings (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      chineseName,
      fc.constantFrom('utf8', 'gb18030'),
      fc.constantFrom(...DECLARED),
      fc.constantFrom('utf8', 'gb18030'),
      ({ family, given }, encoding, declared, other) => {
        const name = `${family}^${given}`
        const value = iconv.encode(`患者 ${family}${given}`, other)
        const scrubbed = searchFor(name, declared, encoding).scrub(value, declared, 'LT')
        expect(leftIn(scrubbed, name)).toEqual([])
      },
    ),
    { seed, numRuns: RUNS },
  )
})

test(`a Chinese name is found in pinyin, in either order (seed ${seed})`, () => {
  const pinyin = fc.constantFrom(
    ['王^小明', 'wang xiao ming', 'wang', 'xiaoming'],
    ['吕^丽娜', 'lü li na', 'lv', 'lina'],
    ['吕^丽娜', 'lyu li na', 'lyu', 'lina'],
    ['曾^国华', 'zeng guo hua', 'zeng', 'guohua'],
    ['欧阳^建国', 'ou yang jian guo', 'ouyang', 'jianguo'],
    ['单^田芳', 'shan tian fang', 'shan', 'tianfang'],
    ['解^晓东', 'xie xiao dong', 'xie', 'xiaodong'],
    ['仇^英', 'qiu ying', 'qiu', 'ying'],
    ['查^良镛', 'zha liang yong', 'zha', 'liangyong'],
  )
  const upper = fc.boolean()
  fc.assert(
    fc.property(
      pinyin,
      fc.nat(3),
      upper,
      ([name = '', spaced = '', family = '', given = ''], form, isUpper) => {
        const forms = [spaced, spaced.replaceAll(' ', '-'), `${given} ${family}`, `${family}^${given}`]
        const text = forms[form] ?? ''
        const value = Buffer.from(`no. 3, ${isUpper ? text.toUpperCase() : text}, supine`)
        const scrubbed = searchFor(name, 'ISO_IR 192', 'utf8').scrub(value, 'ISO_IR 192', 'LO').toString()
        expect(scrubbed).toBe('no. 3, ***, supine')
      },
    ),
    { seed, numRuns: RUNS },
  )
})

test(`a name in Latin letters is found in either order and encoding (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      latinName,
      fc.constantFrom('utf8', 'iso-8859-2', 'utf-16le'),
      fc.constantFrom('', 'ISO_IR 100', 'ISO_IR 101', 'ISO_IR 192', 'GB18030'),
      joint,
      fc.boolean(),
      ({ family, given }, encoding, declared, sign, isSwapped) => {
        const name = `${family}^${given}`
        const value = iconv.encode(
          `pat ${isSwapped ? given + sign + family : family + sign + given}`,
          encoding,
        )
        expect(leftIn(value, name)).not.toEqual([])
        expect(leftIn(searchFor(name, 'ISO_IR 192', 'utf8').scrub(value, declared, 'LO'), name)).toEqual([])
      },
    ),
    { seed, numRuns: RUNS },
  )
})

test.each([
  [
    'Japanese, by its escapes',
    '山田^太郎',
    'pat \x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B supine',
    '\\ISO 2022 IR 87',
  ],
  ['Japanese, the escapes not declared', '山田^太郎', 'pat \x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B supine', ''],
  ['Korean, by its escapes', '洪^吉洞', '\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', '\\ISO 2022 IR 149'],
  ['Chinese, by its escapes', '张^小东', '\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab', '\\ISO 2022 IR 58'],
  [
    'Chinese, by its escapes, declared otherwise',
    '张^小东',
    '\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab',
    'ISO_IR 100',
  ],
  ['Big5 under a wrong declaration', '張^小東', '\xb1\x69\xa4\x70\xaa\x46', 'GB18030'],
  ['Big5, the name known in simplified characters', '张^小东', '\xb1\x69\xa4\x70\xaa\x46', 'ISO_IR 100'],
  ['GB18030 behind a broken byte', '张^小东', '\xe9\xd5\xc5\xd0\xa1\xb6\xab', 'ISO_IR 192'],
  ['traditional GB18030 behind a broken byte', '張^小東', '\xe9\x8f\x88\xd0\xa1\x96\x7c', 'ISO_IR 192'],
  ['the same, known in simplified characters', '张^小东', '\xe9\x8f\x88\xd0\xa1\x96\x7c', 'ISO_IR 192'],
  ['a letter, a delete and two signs that are UTF-16', '罗^怡', 'W\x7f!`', 'ISO_IR 192'],
])('a name is taken out of text in %s', (_, name, bytes, declared) => {
  const value = Buffer.from(bytes, 'latin1')
  const scrubbed = searchFor(name, 'ISO_IR 192', 'utf8').scrub(value, declared, 'LO')
  expect(scrubbed.toString('latin1')).toMatch(/^[ -~]*\*{3}[ -~]*$/)
  expect(leftIn(scrubbed, name)).toEqual([])
})
