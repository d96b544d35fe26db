import { expect, test } from '@jest/globals'
import { readText, writeText, writeTextInAll } from '../../src/dicom/text/text.ts'

const WANG_GB18030 = Buffer.from('cdf55ed0a1c3f7', 'hex')
const WANG_UTF8 = Buffer.from('王^小明')

test.each([
  ['GB18030, declared', WANG_GB18030, 'GB18030', '王^小明', false],
  ['GB18030, nothing declared', WANG_GB18030, '', '王^小明', true],
  ['GB18030, declared as Latin 1', WANG_GB18030, 'ISO_IR 100', '王^小明', true],
  ['GB18030, declared as ASCII', WANG_GB18030, 'ISO_IR 6', '王^小明', true],
  ['UTF-8, declared', WANG_UTF8, 'ISO_IR 192', '王^小明', false],
  ['UTF-8, declared as Latin 1', WANG_UTF8, 'ISO_IR 100', '王^小明', true],
  ['UTF-8, nothing declared', WANG_UTF8, '', '王^小明', true],
  ['Latin 1, declared', Buffer.from('Müller^Jörg', 'latin1'), 'ISO_IR 100', 'Müller^Jörg', false],
  ['Latin 1, nothing declared', Buffer.from('Müller^Jörg', 'latin1'), '', 'Müller^Jörg', true],
  ['plain ASCII', Buffer.from('Wang^Wu '), '', 'Wang^Wu', false],
])(
  'a name in %s is read, and it is said when its reading is a guess',
  (_, bytes, declared, text, isGuess) => {
    expect(readText(bytes, declared, 'PN')).toMatchObject({ text, isGuess })
  },
)

test('names of three component groups are read by the escapes of ISO 2022 (PS3.5 annexes H and I)', () => {
  const korean = Buffer.from(
    'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf',
    'latin1',
  )
  expect(readText(korean, '\\ISO 2022 IR 149', 'PN').text).toBe('Hong^Gildong=洪^吉洞=홍^길동')
  const japanese = Buffer.from(
    'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
    'latin1',
  )
  expect(readText(japanese, '\\ISO 2022 IR 87', 'PN').text).toBe('Yamada^Tarou=山田^太郎=やまだ^たろう')
  const chinese = Buffer.from('Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=', 'latin1')
  expect(readText(chinese, '\\ISO 2022 IR 58', 'PN').text).toBe('Zhang^XiaoDong=张^小东=')
})

test('text is written in the declared character set, or not at all', () => {
  expect(writeText('王^小明', 'GB18030')?.equals(WANG_GB18030)).toBe(true)
  expect(writeText('王^小明', 'ISO_IR 192')?.equals(WANG_UTF8)).toBe(true)
  expect(writeText('王^小明', 'ISO_IR 100')).toBeUndefined()
  expect(writeText('Wang', '')?.toString()).toBe('Wang')
})

test('a name to be searched is written in every encoding that can hold it', () => {
  const all = writeTextInAll('王小明').map((bytes) => bytes.toString('hex'))
  expect(all).toContain('cdf5d0a1c3f7')
  expect(all).toContain(Buffer.from('王小明').toString('hex'))
  expect(writeTextInAll('Wang')).toHaveLength(1)
})

test.each([
  ['GB18030, declared as ISO 2022 without escapes', 'cdf55ed0a1c3f7', '\\ISO 2022 IR 58', '王^小明'],
  ['Korean, declared as ISO 2022 without escapes', 'c8ab5eb1e6b5bf', '\\ISO 2022 IR 149', '홍^길동'],
  ['GB18030 cut in a character, nothing declared', 'cdf55ed0a1c3', '', '王^小\ufffd'],
  ['GB18030 cut in a character, declared', 'cdf55ed0a1c3', 'GB18030', '王^小\ufffd'],
  ['GB18030 cut in a character, declared as Latin 1', 'cdf55ed0a1c3', 'ISO_IR 100', '王^小\ufffd'],
  ['UTF-8 cut in a character, declared', 'e78e8b5ee5b08fe6', 'ISO_IR 192', '王^小\ufffd'],
  ['UTF-8 cut in a character, nothing declared', 'e78e8b5ee5b08fe698', '', '王^小\ufffd'],
  ['GBK with second bytes 5C, 5E and 7C, nothing declared', '815c5e815e817c', '', '乗^乛亅'],
])('a name in %s is read as well as can be, and marked as a guess', (_, hex, declared, text) => {
  expect(readText(Buffer.from(hex, 'hex'), declared, 'PN')).toMatchObject({ text, isGuess: true })
})

test('second bytes 5C, 5E and 7C are not delimiters if GBK is declared', () => {
  const bytes = Buffer.from('815c5e815e817c', 'hex')
  expect(readText(bytes, 'GBK', 'PN')).toMatchObject({ text: '乗^乛亅', isGuess: false })
  expect(readText(bytes, 'GB18030', 'LO')).toMatchObject({ text: '乗^乛亅', isGuess: false })
})
