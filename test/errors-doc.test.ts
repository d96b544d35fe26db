import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { FAILURES } from '../src/platform/failure.ts'

const text = readFileSync('docs/errors.md', 'utf8')
/** One entry: its code, its remedy, and the text below the heading. */
const entries = Array.from(
  text.matchAll(/^### `([A-Z_]+)` · (\w+)\n\n((?:(?!^#).*\n?)*)/gm),
  ([, code = '', remedy = '', body = '']) => ({ code, remedy, body }),
)

test('docs/errors.md has one entry for every failure code, with the remedy of the code, and no other', () => {
  expect(entries.length).toBeGreaterThan(40)
  expect(new Set(entries.map(({ code }) => code)).size).toBe(entries.length)
  expect(Object.fromEntries(entries.map(({ code, remedy }) => [code, remedy]))).toEqual(FAILURES)
})

test('every entry says what it means, what Ferry does, and what a person does', () => {
  const incomplete = entries.filter(
    ({ body }) =>
      !/^\S.{20}/.test(body) || !/^\*\*Ferry:\*\* \S/m.test(body) || !/^\*\*You:\*\* \S/m.test(body),
  )
  expect(incomplete).toEqual([])
})
