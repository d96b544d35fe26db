import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import iconv from 'iconv-lite'
import type { ImportDesk } from '../../../../src/agent/arrival/import/file-import.ts'
import { sha256 } from '../../../support/centers/stored-at-center.ts'
import { importAll, TakingDesk } from '../../../support/instances/import-desk.ts'
import {
  dicomFile,
  haveTools,
  rename,
  runTool,
  writeTree,
  writeZip,
  writeZipOfZeros,
} from '../../../support/instances/import-fixtures.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

test.each([
  ['deflated', {}],
  ['stored', { compress: false }],
  ['deflated in the Zip64 format', { zip64: true }],
])('instances in a zip file arrive byte for byte: %s', async (_, options) => {
  using folder = tempFolder()
  const instances = [dicomFile(100), dicomFile(3_000_000), dicomFile(700_000)]
  await writeZip(
    folder.join('a.zip'),
    instances.map(({ file }, i) => [`CT/${i}.dcm`, file] as const),
    options,
  )
  const desk = new TakingDesk()
  const { fates } = await importAll(folder.path, ['a.zip'], { desk })
  expect(fates).toEqual({ 'a.zip/CT/0.dcm': 'taken', 'a.zip/CT/1.dcm': 'taken', 'a.zip/CT/2.dcm': 'taken' })
  expect(desk.digests).toEqual(instances.map(({ dataSet }) => sha256(dataSet)))
})

test('names are read as UTF-8 or as GB18030, whose second bytes may be that of a backslash', async () => {
  using folder = tempFolder()
  const gbk = iconv.encode('誠/张三.dcm', 'gb18030')
  expect(gbk.includes(0x5c)).toBe(true)
  const placeholder = 'x'.repeat(gbk.length)
  await writeZip(folder.join('a.zip'), [[placeholder, dicomFile().file]])
  await writeZip(folder.join('b.zip'), [['检查/李四.dcm', dicomFile().file]])
  const zip = readFileSync(folder.join('a.zip'))
  rename(zip, placeholder, gbk)
  writeFileSync(folder.join('a.zip'), zip)
  const { fates } = await importAll(folder.path, ['a.zip', 'b.zip'])
  expect(fates).toEqual({ 'a.zip/誠/张三.dcm': 'taken', 'b.zip/检查/李四.dcm': 'taken' })
})

test('a damaged entry, an unsafe name, a zip within the zip and other files are told one by one, and the rest is taken', async () => {
  using folder = tempFolder()
  await writeZip(folder.join('inner.zip'), [['1.dcm', dicomFile().file]])
  const pdf = Buffer.from('%PDF-1.4\n%%EOF\n')
  await writeZip(
    folder.join('a.zip'),
    [
      ['good.dcm', dicomFile().file],
      ['damaged.dcm', dicomFile(5000).file],
      ['xx/escapes.dcm', dicomFile().file],
      ['/absolute.dcm'.slice(1), dicomFile().file],
      ['report.pdf', pdf],
      ['inner.zip', readFileSync(folder.join('inner.zip'))],
      ['cut.dcm', dicomFile().file.subarray(0, 200)],
      ['last.dcm', dicomFile().file],
    ],
    { compress: false },
  )
  const zip = readFileSync(folder.join('a.zip'))
  rename(zip, 'xx/escapes.dcm', Buffer.from('../escapes.dcm'))
  rename(zip, 'absolute.dcm', Buffer.from('/bsolute.dcm'))
  zip.writeUInt8(zip.readUInt8(zip.indexOf('damaged.dcm') + 3000) ^ 1, zip.indexOf('damaged.dcm') + 3000)
  writeFileSync(folder.join('a.zip'), zip)
  const desk = new TakingDesk()
  const { fates, outcomes } = await importAll(folder.path, ['a.zip'], { desk })
  expect(fates).toEqual({
    'a.zip/good.dcm': 'taken',
    'a.zip/damaged.dcm': 'unread zipDamaged',
    'a.zip/../escapes.dcm': 'unread zipName',
    'a.zip//bsolute.dcm': 'unread zipName',
    'a.zip/report.pdf': 'notDicom notDicom',
    'a.zip/inner.zip': 'unread nestedZip',
    'a.zip/cut.dcm': 'unread cutShort',
    'a.zip/last.dcm': 'taken',
  })
  expect(outcomes.find(({ path }) => path.endsWith('.pdf'))?.mediaKind).toBe('pdf')
  expect(desk.digests.length).toBe(2)
})

test('a zip file that was cut off, or has bytes of its list changed, is said to be damaged', async () => {
  using folder = tempFolder()
  await writeZip(folder.join('whole.zip'), [
    ['1.dcm', dicomFile().file],
    ['2.dcm', dicomFile().file],
  ])
  const zip = readFileSync(folder.join('whole.zip'))
  writeFileSync(folder.join('cut.zip'), zip.subarray(0, -30))
  zip.write('XX', zip.lastIndexOf('PK\u0001\u0002'))
  writeFileSync(folder.join('list.zip'), zip)
  const { fates } = await importAll(folder.path, ['cut.zip', 'list.zip'])
  expect(fates).toEqual({
    'cut.zip': 'unread zipDamaged',
    'list.zip/1.dcm': 'taken',
    'list.zip': 'unread zipDamaged',
  })
})

test('a bomb is refused by what it claims, before it is unpacked, and names the limit; a raised limit lets it pass', async () => {
  using folder = tempFolder()
  const { file } = dicomFile()
  const bomb = ['bomb.dcm', file.subarray(0, -1000)] as const
  await writeZipOfZeros(folder.join('bomb.zip'), bomb, 300, ['good.dcm', file])
  const { fates, outcomes } = await importAll(folder.path, ['bomb.zip'])
  expect(fates).toEqual({ 'bomb.zip/bomb.dcm': 'unread zipRatio', 'bomb.zip/good.dcm': 'taken' })
  expect(outcomes[0]?.problem?.detail).toBe('200')
  const small = await importAll(folder.path, ['bomb.zip'], { limits: { zipBytes: '1MiB' } })
  expect(small.fates).toEqual({ 'bomb.zip/bomb.dcm': 'unread zipBytes', 'bomb.zip/good.dcm': 'taken' })
  const few = await importAll(folder.path, ['bomb.zip'], { limits: { zipEntries: '1', zipRatio: '10000' } })
  expect(few.fates).toEqual({ 'bomb.zip/bomb.dcm': 'taken', 'bomb.zip': 'unread zipEntries' })
}, 60_000)

test('an entry that unpacks to more than it claims is damaged, and gives no more than it claims', async () => {
  using folder = tempFolder()
  // Zeros: they come out of the inflater in many pieces.
  const { file } = dicomFile(2_000_000)
  file.fill(0, file.length - 2_000_000)
  await writeZip(folder.join('a.zip'), [['1.dcm', file]])
  const zip = readFileSync(folder.join('a.zip'))
  const directory = zip.lastIndexOf('PK\u0001\u0002')
  expect(zip.readUInt32LE(directory + 24)).toBe(file.length)
  zip.writeUInt32LE(500_000, directory + 24)
  writeFileSync(folder.join('a.zip'), zip)
  let given = 0
  const desk: ImportDesk = {
    take: async (instance, dataSet) => {
      const counted = async function* (): AsyncGenerator<Buffer> {
        for await (const piece of dataSet()) {
          given += piece.length
          yield piece
        }
      }
      return new TakingDesk().take(instance, counted)
    },
  }
  const { fates } = await importAll(folder.path, ['a.zip'], { desk })
  expect(fates).toEqual({ 'a.zip/1.dcm': 'unread zipDamaged' })
  expect(given).toBeLessThanOrEqual(500_000)
})

const hasZip = haveTools('zip')

;(hasZip ? describe : describe.skip)(
  hasZip ? 'zip files of Info-ZIP' : 'zip files of Info-ZIP (needs zip)',
  () => {
    test('an encrypted file is said to be encrypted', async () => {
      using folder = tempFolder()
      writeTree(folder.path, { '1.dcm': dicomFile().file, '2.dcm': dicomFile().file })
      runTool(folder.path, 'zip', '-q', '-e', '-P', 'secret', 'a.zip', '1.dcm')
      runTool(folder.path, 'zip', '-q', 'a.zip', '2.dcm')
      const { fates } = await importAll(folder.path, ['a.zip'])
      expect(fates).toEqual({ 'a.zip/1.dcm': 'unread zipEncrypted', 'a.zip/2.dcm': 'taken' })
    })

    test('folders count for nothing, a link is left alone, and a method that Ferry cannot unpack is named', async () => {
      using folder = tempFolder()
      writeTree(folder.path, { 'CT/1.dcm': dicomFile().file, 'CT/2.dcm': dicomFile(50_000).file })
      runTool(folder.path, 'ln', '-s', '/etc/passwd', 'CT/link')
      runTool(folder.path, 'zip', '-q', '-r', '--symlinks', 'a.zip', 'CT/1.dcm', 'CT/link')
      runTool(folder.path, 'zip', '-q', '-r', '-Z', 'bzip2', 'b.zip', 'CT/2.dcm')
      const { fates, outcomes } = await importAll(folder.path, ['a.zip', 'b.zip'])
      expect(fates).toEqual({
        'a.zip/CT/1.dcm': 'taken',
        'a.zip/CT/link': 'unread linkLeft',
        'b.zip/CT/2.dcm': 'unread zipMethod',
      })
      expect(outcomes.at(-1)?.problem?.detail).toBe('bzip2')
    })

    test('a part of a split zip file is said to be one', async () => {
      using folder = tempFolder()
      writeTree(folder.path, { '1.dcm': dicomFile(200_000).file })
      runTool(folder.path, 'zip', '-q', '-s', '64k', 'a.zip', '1.dcm')
      const { fates } = await importAll(folder.path, ['a.zip', 'a.z01', 'a.z02'])
      expect(new Set(Object.values(fates))).toEqual(new Set(['unread zipSplit']))
    })
  },
)
