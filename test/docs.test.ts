import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { CONDITIONS } from '../src/console/language/condition-words.ts'
import { FAILURES } from '../src/platform/failure.ts'

const read = (path: string): string => readFileSync(path, 'utf8')

/** The rows of the import tables in docs/architecture.md, between its heading and the next. */
function tablesOfTheDocument(): Map<string, string[]> {
  const section = read('docs/architecture.md').split('\n## Folders\n')[1] ?? ''
  return new Map(
    Array.from(section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm), ([, name = '', cell = '']) => [
      name,
      Array.from(cell.matchAll(/`([^`]+)`/g), ([, word = '']) => word),
    ]),
  )
}

/** The rows of FOLDERS and PACKAGES in test/architecture.test.ts. */
function tablesOfTheTest(): Map<string, string[]> {
  const source = read('test/architecture.test.ts')
  return new Map(
    Array.from(source.matchAll(/^ {2}'?([^\s']+)'?: \[([^\]]*)\]/gm), ([, name = '', list = '']) => [
      name,
      Array.from(list.matchAll(/'([^']+)'/g), ([, word = '']) => word),
    ]),
  )
}

test('docs/architecture.md shows the import tables that the architecture test keeps', () => {
  const tables = tablesOfTheTest()
  expect(tables.get('dimse')).toEqual(['dicom', 'platform'])
  expect(Array.from(tablesOfTheDocument())).toEqual(Array.from(tables))
})

test('every link from one document to another file leads somewhere', () => {
  const documents = [...globSync('*.md'), ...globSync('docs/**/*.md'), ...globSync('bench/*.md')]
  expect(documents.length).toBeGreaterThan(10)
  const broken = documents.flatMap((document) =>
    Array.from(read(document).matchAll(/\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)/g), ([, target = '']) => target)
      .filter((target) => !existsSync(join(dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  )
  expect(broken).toEqual([])
})

test('every test that the tables of attacks and faults name exists', () => {
  const rows = ['docs/threat-model.md', 'docs/reliability.md'].flatMap((document) =>
    read(document)
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split(' | ')[line.split(' | ').length === 3 ? 1 : 2] ?? ''),
  )
  const named = rows.flatMap((cell) =>
    Array.from(cell.matchAll(/`([a-z]+\/[a-z0-9/-]+)`/g), ([, name = '']) => name),
  )
  expect(named.length).toBeGreaterThan(50)
  expect(
    named.filter((name) => globSync([`test/${name}*.test.ts`, `test/${name}/*.test.ts`]).length === 0),
  ).toEqual([])
})

/** The tests that a document names by file and title, as `folder/file`: *title or a part of it*. */
function namedTests(text: string): { file: string; title: string }[] {
  return Array.from(text.matchAll(/`([a-z-]+\/[a-z0-9/-]+)`: \*([^*]+)\*/g), ([, file = '', title = '']) => ({
    file,
    title,
  }))
}

function isThere({ file, title }: { file: string; title: string }): boolean {
  const [path] = globSync([`test/${file}.test.ts`, `test/${file}.ts`])
  return path !== undefined && read(path).includes(title)
}

test('every test that the table of faults from the field names by its title exists, and each row names one', () => {
  const text = read('docs/field-faults.md')
  const rows = text.split('\n').filter((line) => /^\| (?!fault \||---)/.test(line))
  expect(rows.length).toBeGreaterThan(50)
  expect(rows.filter((row) => namedTests(row).length === 0)).toEqual([])
  expect(namedTests(text).filter((one) => !isThere(one))).toEqual([])
  // The control: a title that no test has is found.
  expect(namedTests('`agent/kinds`: *no such title*').filter(isThere)).toEqual([])
})

test('every failure code that a document names exists', () => {
  const named = globSync('docs/*.md').flatMap((document) =>
    Array.from(read(document).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g), ([, code = '']) => code),
  )
  expect(named).toContain('RECEIPT_MISMATCH')
  expect(named.filter((code) => !isKnownCode(code))).toEqual([])
})

test('every condition of the center is in the table of the command line', () => {
  const rows = read('docs/cli.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const absent = Object.keys(CONDITIONS.en).filter(
    (code) => !rows.some((row) => row.split(' | ')[0]?.includes(`\`${code}\``)),
  )
  expect(absent).toEqual([])
})

function isKnownCode(code: string): boolean {
  return code in FAILURES || code in CONDITIONS.en || NO_CODES.has(code)
}

/** Words in capitals that are not codes of failures or conditions. */
const NO_CODES = new Set([
  'FERRY_CONFIG',
  'FERRY_CORPUS',
  'FERRY_FAULTS',
  'FERRY_FIELD',
  'FERRY_KIND_CASE',
  'FERRY_KIND_CASES',
  'FERRY_KIND_CROSSINGS',
  'FERRY_LANG',
  'FERRY_PROPERTY_SHARE',
  'FERRY_SEED',
  'FERRY_SERVICE',
  'TCP_NODELAY',
  'UV_THREADPOOL_SIZE',
])
