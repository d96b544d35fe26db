import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from '@jest/globals'
import { circlesOf, graphOf, readImports, sourceFiles } from '../build/import-graph.ts'
import { importGraphPage, importGraphPicture } from '../build/import-graph-page.ts'
import { attributeOf } from '../src/dicom/vocabulary/attribute.ts'

/** For each folder of src/, the other folders it may import. docs/architecture.md shows the same table. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  dicom: [],
  platform: [],
  age: [],
  protocol: ['dicom'],
  dimse: ['dicom', 'platform'],
  dicomweb: ['dicom', 'platform'],
  config: ['dicom', 'platform'],
  messages: ['platform'],
  metrics: ['platform'],
  audit: ['platform', 'protocol'],
  leftovers: ['dicom'],
  media: ['dicom'],
  'agent/arrival/import': ['dicom', 'media', 'platform', 'protocol'],
  'agent/arrival/wrap': ['agent/orders', 'dicom', 'media'],
  hl7: ['dicom'],
  'agent/normalize': ['agent/deidentify', 'dicom'],
  'agent/deidentify': ['dicom'],
  'agent/deid-records': ['age', 'agent/deidentify', 'platform', 'protocol'],
  'agent/envelope': ['age', 'protocol'],
  'agent/history': ['platform', 'protocol'],
  'agent/queue': ['dicom', 'platform', 'protocol'],
  'agent/orders': ['agent/queue', 'config', 'dicom', 'dicomweb', 'dimse', 'hl7', 'platform'],
  'agent/arrival': ['agent/orders', 'agent/queue', 'dicom', 'dimse', 'platform'],
  'agent/arrival/folders': [
    'agent/arrival',
    'agent/arrival/wrap',
    'agent/orders',
    'agent/queue',
    'config',
    'dicom',
    'media',
    'platform',
    'protocol',
  ],
  'agent/intake': [
    'age',
    'agent/arrival',
    'agent/deid-records',
    'agent/deidentify',
    'agent/envelope',
    'agent/normalize',
    'agent/queue',
    'config',
    'dicom',
    'dimse',
    'platform',
    'protocol',
  ],
  'agent/send': ['age', 'agent/queue', 'platform', 'protocol'],
  'agent/settle': ['agent/queue', 'dicom', 'dimse', 'platform', 'protocol'],
  'agent/control': [
    'agent/arrival',
    'agent/arrival/folders',
    'agent/orders',
    'agent/queue',
    'agent/send',
    'agent/settle',
    'audit',
    'config',
    'dicom',
    'platform',
    'protocol',
  ],
  'agent/reports': ['agent/arrival/wrap', 'agent/intake', 'agent/orders', 'dicom', 'media', 'platform'],
  agent: [
    'agent/arrival',
    'agent/arrival/folders',
    'agent/control',
    'agent/envelope',
    'agent/history',
    'agent/intake',
    'agent/orders',
    'agent/queue',
    'agent/reports',
    'agent/send',
    'agent/settle',
    'audit',
    'config',
    'dimse',
    'platform',
    'protocol',
  ],
  'pages/agent': ['console', 'pages/shared', 'protocol'],
  'pages/center': ['console', 'pages/shared', 'protocol'],
  'pages/shared': ['console'],
  center: ['age', 'audit', 'dicom', 'dicomweb', 'messages', 'platform', 'protocol'],
  console: [
    'agent',
    'agent/arrival/import',
    'agent/deid-records',
    'agent/deidentify',
    'agent/envelope',
    'agent/orders',
    'agent/queue',
    'agent/send',
    'audit',
    'center',
    'config',
    'dicom',
    'dimse',
    'leftovers',
    'messages',
    'metrics',
    'platform',
    'protocol',
  ],
}

/** The one kind of error is pure and crosses every folder. */
const EVERYWHERE = 'platform/failure.ts'

/** Each package is imported in its own folders only, so that it can be replaced there. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['platform'],
  '@clack/prompts': ['console'],
  chokidar: ['agent/arrival/folders'],
  commander: ['console'],
  'dcmjs-codecs': ['agent/deidentify'],
  'dcmjs-dimse': ['dimse'],
  'dicom-character-set': ['dicom'],
  'htm/preact': ['pages/agent', 'pages/center', 'pages/shared'],
  'iconv-lite': ['dicom'],
  koffi: ['platform'],
  nodemailer: ['messages'],
  'p-queue': ['center'],
  '@peculiar/x509': ['center'],
  preact: ['pages/agent', 'pages/center', 'pages/shared'],
  'preact/hooks': ['pages/agent', 'pages/center', 'pages/shared'],
  saxes: ['agent/orders', 'media'],
  undici: ['agent/send', 'dicomweb'],
  winston: ['platform'],
  yaml: ['config'],
  yauzl: ['agent/arrival/import'],
  zod: [
    'agent',
    'agent/control',
    'agent/deid-records',
    'agent/history',
    'agent/send',
    'audit',
    'center',
    'config',
    'protocol',
  ],
}

const folderOf = (path: string): string =>
  Object.keys(FOLDERS)
    .filter((folder) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0] ?? path

const files = sourceFiles('src')
const imports = readImports('src')

/** Names of types that more than one of the sources exports. */
function namedTwice(sources: readonly string[]): string[] {
  const exported = /^export (?:declare )?(?:abstract )?(?:interface|type|class) (\w+)/gm
  const names = sources.flatMap((source) => Array.from(source.matchAll(exported), ([, name]) => name ?? ''))
  return names.filter((name, i) => names.indexOf(name) !== i)
}

test('folders import one another only as the table allows', () => {
  const wrong = imports.filter(({ file, target, isPackage }) => {
    if (isPackage) return false
    const [from, to] = [folderOf(file), folderOf(target)]
    return from !== to && target !== EVERYWHERE && !FOLDERS[from]?.includes(to)
  })
  expect(wrong).toEqual([])
})

test('the search for leftover identity shares no code with what removes it', () => {
  const search = imports.filter(({ file }) => file.startsWith('leftovers/'))
  const shared = search.filter(({ target }) =>
    /agent|dicom\/(?!read\/part10|vocabulary\/transfer-syntax|vocabulary\/remembering)/.test(target),
  )
  expect(search.length).toBeGreaterThan(10)
  expect(shared).toEqual([])
  const packages = search.filter(({ isPackage }) => isPackage)
  expect(packages).toEqual([])
})

test('each package is imported in its own folders only', () => {
  const wrong = imports.filter(
    ({ file, target, isPackage }) => isPackage && !PACKAGES[target]?.includes(folderOf(file)),
  )
  expect(wrong).toEqual([])
})

test('no files import one another in a circle, imports of types included', () => {
  const two = [
    { file: 'a.ts', target: 'b.ts', isPackage: false },
    { file: 'b.ts', target: 'a.ts', isPackage: false },
  ]
  expect(circlesOf(graphOf(['a.ts', 'b.ts'], two))).toEqual([['a.ts', 'b.ts']])
  expect(circlesOf(graphOf(files, imports))).toEqual([])
})

test('no source file but a generated table is longer than 400 lines', () => {
  expect(files.length).toBeGreaterThan(50)
  const written = files.filter((file) => !file.endsWith('-table.ts'))
  const long = written.filter((file) => readFileSync(`src/${file}`, 'utf8').split('\n').length > 401)
  expect(long).toEqual([])
})

test('every folder of src is in the table', () => {
  expect(files.map(folderOf).filter((folder) => FOLDERS[folder] === undefined)).toEqual([])
})

test('no folders import one another in a circle, and the page of the import graph is the present one', () => {
  // Both throw if a circle of folders exists.
  expect(readFileSync('docs/import-graph.md', 'utf8')).toBe(importGraphPage('src'))
  expect(readFileSync('docs/import-graph.svg', 'utf8')).toBe(importGraphPicture('src'))
})

test('no two files of src export types of one name', () => {
  expect(namedTwice(['export interface Row {\n', 'export type Row = 1\n', 'interface Row {\n'])).toEqual([
    'Row',
  ])
  expect(namedTwice(files.map((file) => readFileSync(`src/${file}`, 'utf8')))).toEqual([])
})

test('every folder of src holds at most 25 files and has a README', () => {
  const folders = Map.groupBy(files, (file) => posix.dirname(file))
  expect(Array.from(folders).filter(([, inside]) => inside.length > 25)).toEqual([])
  expect([...folders.keys()].filter((folder) => !existsSync(`src/${folder}/README.md`))).toEqual([])
})

test('tags of the standard are named by keyword, in the source and in the tests', () => {
  const named = /vocabulary\/tag\.ts$|-table\.ts$/
  const bare = ['src', 'test', 'bench', 'build'].flatMap((root) =>
    sourceFiles(root)
      .filter((file) => !named.test(file))
      .flatMap((file) => {
        const literals = readFileSync(`${root}/${file}`, 'utf8').matchAll(
          /\b0x([0-9a-f]{4})_([0-9a-f]{4})\b/gi,
        )
        return Array.from(literals, ([literal, group, element]) => ({
          file: `${root}/${file}`,
          literal,
          keyword: attributeOf(Number.parseInt(`${group}${element}`, 16))?.keyword,
        }))
      })
      .filter(({ keyword }) => keyword !== undefined),
  )
  expect(bare).toEqual([])
})
