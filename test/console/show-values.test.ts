import { expect, test } from '@jest/globals'
import { speak } from '../../src/console/language/language.ts'
import { showBytes, showDuration, showTime } from '../../src/console/views/show-values.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [512 * 1024, '512 KiB'],
  [2 * 2 ** 40, '2.0 TiB'],
  [5000 * 2 ** 40, '5000 TiB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(showBytes(bytes)).toBe(text)
})

test.each([
  [400, '0 s', '0 秒'],
  [59_000, '59 s', '59 秒'],
  [3_599_000, '59 min', '59 分钟'],
  [7_200_000, '2 h', '2 小时'],
  [7_260_000, '2 h 1 min', '2 小时 1 分钟'],
  [90_000_000, '1 d 1 h', '1 天 1 小时'],
])('%d ms are shown as %s and %s', (ms, english, chinese) => {
  expect([showDuration(ms, speak('en')), showDuration(ms, speak('zh'))]).toEqual([english, chinese])
})

test('the date is shown only if it is not today', () => {
  const noon = new Date(2026, 10, 23, 12, 0, 5).getTime()
  expect(showTime(noon, noon)).toBe('12:00:05')
  expect(showTime(noon - 86_400_000, noon)).toBe('2026-11-22 12:00:05')
})
