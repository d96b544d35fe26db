import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { EXIT, exitCodeOf } from '../../src/console/session/exit-codes.ts'
import { FAILURES, type FailureCode } from '../../src/platform/failure.ts'

test('docs/cli.md has the same exit codes as the program', () => {
  const rows = readFileSync('docs/cli.md', 'utf8').matchAll(/^\| (\d+) \|/gm)
  expect(Array.from(rows, ([, code]) => Number(code))).toEqual(Object.values(EXIT))
})

test('no failure ends with success', () => {
  for (const code of Object.keys(FAILURES) as FailureCode[]) expect(exitCodeOf(code)).toBeGreaterThan(0)
})
