import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { circlesOf, graphOf, readImports, sourceFiles } from '../build/import-graph.ts'

/** For each folder of src/, the other folders it may import. docs/architecture.md shows the same table. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  dicom: [],
  platform: [],
  age: [],
  protocol: ['dicom'],
  dimse: ['dicom', 'platform'],
  dicomweb: ['dicom', 'platform'],
  config: ['dicom', 'platform', 'protocol'],
  'agent/deidentify': ['dicom'],
  'agent/envelope': ['age', 'platform', 'protocol'],
  'agent/queue': ['dicom', 'platform', 'protocol'],
  'agent/arrival': ['agent/queue', 'dicom', 'dimse', 'platform'],
  'agent/send': ['agent/queue', 'dicom', 'dicomweb', 'dimse', 'platform', 'protocol'],
  'agent/settle': ['agent/queue', 'dicom', 'dimse', 'platform', 'protocol'],
  agent: [
    'age',
    'agent/arrival',
    'agent/deidentify',
    'agent/envelope',
    'agent/queue',
    'agent/send',
    'agent/settle',
    'config',
    'dicom',
    'dimse',
    'platform',
    'protocol',
  ],
  center: ['age', 'config', 'dicom', 'dicomweb', 'dimse', 'platform', 'protocol'],
  console: [
    'config',
    'platform',
    'protocol',
    'agent',
    'agent/deidentify',
    'agent/send',
    'center',
    'dicom',
    'dimse',
  ],
}

/** The one kind of error is pure and crosses every folder. */
const EVERYWHERE = 'platform/failure.ts'

/** Each package is imported in its own folders only, so that it can be replaced there. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@peculiar/x509': ['center'],
  'better-sqlite3': ['platform'],
  commander: ['console'],
  'dcmjs-codecs': ['agent/deidentify'],
  'dcmjs-dimse': ['dimse'],
  'dicom-character-set': ['dicom'],
  'iconv-lite': ['dicom'],
  'p-queue': ['center'],
  tweetnacl: ['protocol'],
  undici: ['agent/send', 'dicomweb'],
  winston: ['platform'],
  yaml: ['config', 'console'],
  zod: ['agent', 'agent/send', 'center', 'config', 'protocol'],
}

const folderOf = (path: string): string =>
  Object.keys(FOLDERS)
    .filter((folder) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0] ?? path

const files = sourceFiles('src')
const imports = readImports('src')

test('folders import one another only as the table allows', () => {
  const wrong = imports.filter(({ file, target, isPackage }) => {
    if (isPackage) return false
    const [from, to] = [folderOf(file), folderOf(target)]
    return from !== to && target !== EVERYWHERE && !FOLDERS[from]?.includes(to)
  })
  expect(wrong).toEqual([])
})

test('the search for leftover identity shares no code with what removes it', () => {
  const search = imports.filter(({ file }) => file.startsWith('console/leftover-search/'))
  const shared = search.filter(({ target }) =>
    /agent|dicom\/(?!part10|transfer-syntax|remembering)/.test(target),
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

test('every folder of src stands in the table', () => {
  expect(files.map(folderOf).filter((folder) => FOLDERS[folder] === undefined)).toEqual([])
})
