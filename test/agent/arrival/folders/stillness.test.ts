import { expect, test } from '@jest/globals'
import { Stillness } from '../../../../src/agent/arrival/folders/stillness.ts'

test('a file is still after two equal looks that are far enough apart', () => {
  const stillness = new Stillness(100)
  expect(stillness.look('a', '1', 0)).toBeUndefined()
  expect(stillness.look('a', '1', 99)).toBeUndefined()
  expect(stillness.look('a', '2', 150)).toBeUndefined()
  expect(stillness.look('a', '2', 249)).toBeUndefined()
  expect(stillness.look('a', '2', 250)).toBe(100)
})

test('what was found to be unfinished is forgotten when the file changes', () => {
  const stillness = new Stillness(100)
  stillness.look('a', '1', 0)
  stillness.isUnfinished('a', 'FILE_INCOMPLETE')
  stillness.look('a', '1', 200)
  expect(stillness.unfinished('a')).toBe('FILE_INCOMPLETE')
  stillness.look('a', '2', 300)
  expect(stillness.unfinished('a')).toBeUndefined()
})

test('files that a sweep has not seen are forgotten, and memory is bounded', () => {
  const stillness = new Stillness(100)
  stillness.look('a', '1', 0)
  stillness.endSweep()
  stillness.look('b', '1', 0)
  stillness.endSweep()
  expect(stillness.count).toBe(1)
  expect(stillness.look('a', '1', 1000)).toBeUndefined()
  for (let i = 0; i < 30_000; i++) stillness.look(String(i), '1', 0)
  expect(stillness.count).toBe(20_000)
})
