import { expect, test } from '@jest/globals'
import { displayWidth, formatTable, printable } from '../../src/console/views/text-table.ts'

test('columns are straight with Chinese in them', () => {
  const lines = formatTable(
    [{ title: '设备' }, { title: 'SIZE', align: 'right' }, { title: '地址' }],
    [
      ['CT 一室', '1', 'x'],
      ['MR', '12345', '放射科'],
      ['', '', ''],
    ],
  )
  expect(lines).toEqual(['设备      SIZE  地址', 'CT 一室      1  x', 'MR       12345  放射科', ''])
  const startsOfThird = lines
    .slice(0, 3)
    .map((line) => displayWidth(line.slice(0, line.search(/(地址|x|放射科)$/))))
  expect(new Set(startsOfThird)).toEqual(new Set([16]))
})

test.each([
  ['abc', 3],
  ['影渡', 4],
  ['，', 2],
  ['é', 1],
  ['e\u0301', 1],
  ['𠀀', 2],
  ['✗', 1],
])('%s takes %d columns', (text, width) => {
  expect(displayWidth(text)).toBe(width)
})

test('a character that could steer a terminal or hide text is shown as a question mark', () => {
  expect(printable('a\u001b[31m\u0007\u202e\r\nb')).toBe('a?[31m????b')
  expect(printable('CT 一室')).toBe('CT 一室')
})
