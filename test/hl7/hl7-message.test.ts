import { expect, test } from '@jest/globals'
import { encode } from 'iconv-lite'
import { acknowledge } from '../../src/hl7/acknowledgement.ts'
import { Hl7Message } from '../../src/hl7/hl7-message.ts'
import { readHl7Text } from '../../src/hl7/hl7-text.ts'

/** Characters whose second byte in GBK is `\ | ^ ~`. */
const TRAPS = Array.from([0x5c, 0x7c, 0x5e, 0x7e], (trail) =>
  new TextDecoder('gb18030').decode(Buffer.of(0x81, trail)),
).join('')

const message = (charset: string, name: string): string =>
  `MSH|^~\\&|RIS|北街|FERRY|C|20261201||ORM^O01^ORM_O01|42|P|2.5|||||CHN|${charset}\rPID|1||P1^^^HIS||${name}^三\r`

test.each([
  ['UNICODE UTF-8', 'utf8', 'utf-8'],
  ['GB 18030-2000', 'gb18030', 'gb18030'],
  ['GBK', 'gbk', 'gb18030'],
  ['', 'gbk', 'gb18030'],
  ['', 'utf8', 'utf-8'],
  ['UNICODE UTF-8', 'gbk', 'gb18030'],
  ['ASCII', 'gbk', 'gb18030'],
])('Chinese text declared as %j and written in %s is read', (declared, written, encoding) => {
  const read = Hl7Message.read(encode(message(declared, '张'), written))
  expect(read.encoding).toBe(encoding)
  expect(read.first('PID')?.value(5, 1)).toBe('张')
  expect(read.header.value(4)).toBe('北街')
})

test('second bytes of GBK that look like separators separate nothing', () => {
  const bytes = encode(message('', TRAPS), 'gbk')
  for (const trail of [0x5c, 0x7c, 0x5e, 0x7e]) expect(bytes.includes(Buffer.of(0x81, trail))).toBe(true)
  const pid = Hl7Message.read(bytes).first('PID')
  expect(pid?.value(5, 1)).toBe(TRAPS)
  expect(pid?.value(5, 2)).toBe('三')
  // Splitting the bytes first would damage it: the check can fail.
  const splitFirst = bytes.toString('latin1').split('|')
  expect(splitFirst.length).toBeGreaterThan(message('', '张').split('|').length)
})

test('a damaged character stays visible and the rest is read', () => {
  const bytes = Buffer.concat([encode(message('GB 18030-2000', '张'), 'gbk'), Buffer.of(0xff, 0xff)])
  const { text } = readHl7Text(bytes)
  expect(text).toContain('\uFFFD')
  expect(Hl7Message.read(bytes).first('PID')?.value(5, 1)).toBe('张')
})

const obx = (text: string): string | undefined =>
  Hl7Message.read(Buffer.from(`MSH|^~\\&|A\rOBX|1|TX|||${text}`))
    .first('OBX')
    ?.value(5)

test('escape sequences are replaced, and a backslash of a Windows path stays', () => {
  expect(obx('a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f')).toBe('a|b^c&d~e\\f')
  expect(obx('one\\.br\\two\\.sp2\\three\\H\\bold\\N\\')).toBe('one\ntwo\n\nthreebold')
  expect(obx('\\XE5BCA0\\')).toBe('张')
  expect(obx('C:\\temp\\file')).toBe('C:\\temp\\file')
  expect(obx('50\\')).toBe('50\\')
  expect(obx('""')).toBe('')
})

test('repetitions, components and subcomponents are found by their numbers', () => {
  const pid = Hl7Message.read(Buffer.from('MSH|^~\\&|A\nPID|||1^^^A&1.2&ISO~2^^^B')).first('PID')
  expect(pid?.repetitions(3)).toHaveLength(2)
  expect(pid?.value(3, 4)).toBe('A')
  expect(pid?.component(pid.repetitions(3)[1] ?? '', 1)).toBe('2')
  expect(pid?.value(99)).toBe('')
})

test('other separators than the usual ones are taken from MSH', () => {
  const read = Hl7Message.read(Buffer.from('MSH#*~\\&#A#B#C#D#E##ORM*O01#7\rPID###1*2'))
  expect([read.type, read.controlId, read.first('PID')?.value(3, 2)]).toEqual(['ORM^O01', '7', '2'])
})

test.each(['', 'PID|1', 'MSH', 'MSHA^~\\&', 'MSH||||', 'MSH|^^\\&|A', '\u0000'])(
  'a message without a usable MSH is refused: %j',
  (text) => {
    expect(() => Hl7Message.read(Buffer.from(text))).toThrow(/reading HL7/)
  },
)

test('an acknowledgement names the message, swaps the systems and keeps separators and encoding', () => {
  const asked = Hl7Message.read(encode(message('GB 18030-2000', '张'), 'gb18030'))
  const bytes = acknowledge(asked, { code: 'AE', text: 'no|room' }, Date.UTC(2026, 11, 1))
  const answer = Hl7Message.read(bytes)
  expect(answer.type).toBe('ACK^O01')
  expect([3, 5, 6, 10, 11, 12, 18].map((field) => answer.header.value(field))).toEqual([
    'FERRY',
    'RIS',
    '北街',
    '42',
    'P',
    '2.5',
    'GB 18030-2000',
  ])
  expect([1, 2, 3].map((field) => answer.first('MSA')?.value(field))).toEqual(['AE', '42', 'no room'])
  expect(bytes.includes(encode('北街', 'gb18030'))).toBe(true)
})
