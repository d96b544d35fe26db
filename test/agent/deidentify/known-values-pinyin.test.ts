import { expect, test } from '@jest/globals'
import { PINYIN_TABLE } from '../../../src/agent/deidentify/names/han-table.ts'
import { pinyinOf, syllablesOf } from '../../../src/agent/deidentify/names/pinyin.ts'
import { readingsOf } from '../../../src/leftovers/pinyin-by-collation.ts'

const characters = Array.from(PINYIN_TABLE.replaceAll(/[a-z\s]/g, ''))

test('the table of readings and the system’s collation agree on nearly all characters', () => {
  expect(characters.length).toBeGreaterThan(20_000)
  const agree = characters.filter((character) =>
    readingsOf(character).some((reading) => pinyinOf(character).includes(reading)),
  )
  expect(agree.length / characters.length).toBeGreaterThan(0.99)
})

test.each([
  ['张', ['zhang']],
  ['单', ['shan', 'dan']],
  ['曾', ['zeng', 'ceng']],
  ['吕', ['lv', 'lu', 'lyu']],
])('%s is read %j', (character, readings) => {
  expect(pinyinOf(character)).toEqual(readings)
})

test('a word is split into syllables in every possible way', () => {
  expect(syllablesOf('xiaoming')).toContainEqual(['xiao', 'ming'])
  expect(syllablesOf('Xian')).toEqual([['xi', 'an']])
  expect(syllablesOf('smith')).toEqual([])
})
