import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { standardTables } from '../build/tables/generated-tables.ts'
import { readSource, SOURCES } from '../build/tables/source.ts'

/** The published files that `npm run tables` reads, kept outside the repository. */
const FOLDER =
  process.env['FERRY_STANDARD'] ?? fileURLToPath(new URL('../../shared/standard', import.meta.url))

const group = existsSync(FOLDER) ? describe : describe.skip

group('tables of the standard (needs FERRY_STANDARD)', () => {
  test('the committed tables are those that npm run tables writes', () => {
    const tables = standardTables(FOLDER)
    expect(tables.filter(({ text }) => text === undefined)).toEqual([])
    for (const { file, text } of tables) expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('a source of another revision is refused with both digests', () => {
    const other = { ...SOURCES.attributes, sha256: SOURCES.sopClasses.sha256 }
    expect(() => readSource(other, FOLDER)).toThrow(SOURCES.attributes.sha256)
    expect(() => readSource(other, FOLDER)).toThrow(SOURCES.sopClasses.sha256)
  })
})
