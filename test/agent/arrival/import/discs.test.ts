import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { importAll, TakingDesk } from '../../../support/instances/import-desk.ts'
import { dicomFile, haveTools, runTool, writeTree } from '../../../support/instances/import-fixtures.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const image = (): Buffer => dicomFile().file

/** Writes a DICOMDIR for the images in folders of `disc`. */
function addDirectory(disc: string): void {
  // The invented data sets lack some of what a directory demands.
  runTool(disc, 'dcmgpdir', '-W', '+I', '+r', '+id', '.')
}

/** A folder with `disc`, which has the images IM1 to IM3 and a DICOMDIR by dcmgpdir. */
function folderWithDisc(): ReturnType<typeof tempFolder> {
  const folder = tempFolder()
  writeTree(folder.path, { 'disc/DICOM/IM1': image(), 'disc/DICOM/IM2': image(), 'disc/DICOM/IM3': image() })
  addDirectory(folder.join('disc'))
  return folder
}

const WHOLE = {
  'disc/DICOM/IM1': 'taken',
  'disc/DICOM/IM2': 'taken',
  'disc/DICOM/IM3': 'taken',
  'disc/DICOMDIR': 'leftOut directory',
}

/** Writes another text of the same length into the DICOMDIR, everywhere. */
function patchDirectory(disc: string, from: string, to: string): void {
  const path = join(disc, 'DICOMDIR')
  const bytes = readFileSync(path)
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) bytes.write(to, at, 'latin1')
  writeFileSync(path, bytes)
}

const hasDcmtk = haveTools('dcmgpdir')

;(hasDcmtk ? describe : describe.skip)(hasDcmtk ? 'a disc' : 'a disc (needs dcmgpdir)', () => {
  test('gives its images, named by its folder or by its DICOMDIR, and leaves its DICOMDIR out', async () => {
    using folder = folderWithDisc()
    expect((await importAll(folder.path, ['disc'])).fates).toEqual(WHOLE)
    expect((await importAll(folder.path, ['disc/DICOMDIR'])).fates).toEqual(WHOLE)
  })

  test('may be shown in small letters, with versions and with dots at the end, as drivers of ISO 9660 do', async () => {
    using folder = folderWithDisc()
    const disc = folder.join('disc')
    renameSync(join(disc, 'DICOM/IM1'), join(disc, 'DICOM/im1.;1'))
    renameSync(join(disc, 'DICOM/IM2'), join(disc, 'DICOM/IM2;1'))
    renameSync(join(disc, 'DICOM/IM3'), join(disc, 'DICOM/im3.'))
    renameSync(join(disc, 'DICOM'), join(disc, 'dicom'))
    renameSync(join(disc, 'DICOMDIR'), join(disc, 'dicomdir.;1'))
    expect((await importAll(folder.path, ['disc'])).fates).toEqual({
      'disc/dicom/im1.;1': 'taken',
      'disc/dicom/IM2;1': 'taken',
      'disc/dicom/im3.': 'taken',
      'disc/dicomdir.;1': 'leftOut directory',
    })
  })

  test('files that its DICOMDIR does not name are taken and told, and records without a file are told', async () => {
    using folder = folderWithDisc()
    writeTree(folder.join('disc'), { 'MORE/IM9': image(), 'viewer/run.exe': 'MZ' })
    rmSync(folder.join('disc/DICOM/IM2'))
    expect((await importAll(folder.path, ['disc'])).fates).toEqual({
      'disc/DICOM/IM1': 'taken',
      'disc/DICOM/IM3': 'taken',
      'disc/DICOMDIR': 'leftOut directory',
      'disc/MORE/IM9': 'taken unlisted',
      'disc/viewer/run.exe': 'notDicom notDicom',
      'disc/DICOM/IM2': 'unread noFile',
    })
  })

  test('records that point outside the disc read nothing there', async () => {
    using folder = folderWithDisc()
    // The file that the record would name: it must not be taken by this import.
    writeTree(folder.path, { IM2: image() })
    patchDirectory(folder.join('disc'), 'DICOM\\IM2', '..\\..\\IM2')
    const desk = new TakingDesk()
    const { fates } = await importAll(folder.path, ['disc'], { desk })
    expect(Object.values(fates).toSorted()).toEqual([
      'leftOut directory',
      'taken',
      'taken',
      'taken unlisted',
      'unread outsideDisc',
    ])
    expect(desk.digests.length).toBe(3)
  })

  test('links on it are not followed, to a file, a folder or itself', async () => {
    using folder = folderWithDisc()
    writeTree(folder.path, { 'secret/IM7': image() })
    symlinkSync(folder.join('secret/IM7'), folder.join('disc/DICOM/IM7'))
    symlinkSync(folder.join('secret'), folder.join('disc/OTHER'))
    symlinkSync(folder.join('disc'), folder.join('disc/LOOP'))
    expect((await importAll(folder.path, ['disc'])).fates).toEqual({
      ...WHOLE,
      'disc/DICOM/IM7': 'unread linkLeft',
      'disc/LOOP': 'unread linkLeft',
      'disc/OTHER': 'unread linkLeft',
    })
    // The control: a link that a person names is followed.
    symlinkSync(folder.join('secret'), folder.join('named'))
    expect((await importAll(folder.path, ['named'])).fates).toEqual({ 'named/IM7': 'taken' })
  })

  test('with a damaged DICOMDIR gives its images, and the damage is told', async () => {
    using folder = folderWithDisc()
    const path = folder.join('disc/DICOMDIR')
    writeFileSync(path, readFileSync(path).subarray(0, -200))
    expect((await importAll(folder.path, ['disc'])).fates).toEqual({
      ...WHOLE,
      'disc/DICOMDIR': 'unread badDirectory',
    })
  })

  test('within a zip file, or two of them in one folder, are compared each with its own DICOMDIR', async () => {
    using folder = folderWithDisc()
    writeTree(folder.path, { 'disc2/A/IM1': image(), 'disc2/A/IM2': image() })
    addDirectory(folder.join('disc2'))
    rmSync(folder.join('disc2/A/IM1'))
    runTool(folder.path, 'zip', '-q', '-r', 'both.zip', 'disc', 'disc2')
    const { fates } = await importAll(folder.path, ['both.zip'])
    expect(fates).toEqual({
      'both.zip/disc/DICOM/IM1': 'taken',
      'both.zip/disc/DICOM/IM2': 'taken',
      'both.zip/disc/DICOM/IM3': 'taken',
      'both.zip/disc/DICOMDIR': 'leftOut directory',
      'both.zip/disc2/A/IM2': 'taken',
      'both.zip/disc2/DICOMDIR': 'leftOut directory',
      'both.zip/disc2/A/IM1': 'unread noFile',
    })
  })
})

const isoTools = ['dcmgpdir', 'genisoimage', 'xorriso']
const hasIso = haveTools(...isoTools)

;(hasIso ? describe : describe.skip)(
  hasIso ? 'an image of a disc' : `an image of a disc (needs ${isoTools.join(', ')})`,
  () => {
    test('gives its images once it is unpacked or mounted', async () => {
      using folder = folderWithDisc()
      runTool(folder.path, 'genisoimage', '-quiet', '-iso-level', '1', '-o', 'disc.iso', 'disc')
      mkdirSync(folder.join('read'))
      const isMounted = mountIso(folder.path)
      if (!isMounted)
        runTool(folder.path, 'xorriso', '-osirrox', 'on', '-indev', 'disc.iso', '-extract', '/', 'read')
      try {
        const { fates } = await importAll(folder.path, ['read'])
        expect(Object.values(fates).toSorted()).toEqual(['leftOut directory', 'taken', 'taken', 'taken'])
      } finally {
        if (isMounted) runTool(folder.path, 'umount', 'read')
      }
    })
  },
)

/** Returns false where mounting is not allowed. */
function mountIso(folder: string): boolean {
  try {
    runTool(folder, 'mount', '-o', 'loop,ro', 'disc.iso', 'read')
    return true
  } catch {
    return false
  }
}

test('a tree gives Part 10 files with and without preamble and bare data sets, in names of any encoding', async () => {
  using folder = tempFolder()
  const [whole, bare, headless] = [dicomFile(), dicomFile(), dicomFile()]
  writeTree(folder.path, {
    'in/a/whole': whole.file,
    'in/bare': bare.dataSet,
    'in/headless.dcm': headless.file.subarray(128),
    'in/notes.txt': 'a note',
    'in/picture.jpg': Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'),
    'in/scan.rar': Buffer.from('526172211a0701003392b5e50a', 'hex'),
    'in/empty': '',
  })
  const gbk = Buffer.concat([Buffer.from(folder.join('in/')), Buffer.from([0xd5, 0xc5, 0xc8, 0xfd])])
  writeFileSync(gbk, image())
  const desk = new TakingDesk()
  const { fates, outcomes } = await importAll(folder.path, ['in', 'in/bare', 'none'], { desk })
  expect(fates).toEqual({
    'in/a/whole': 'taken',
    'in/bare': 'leftOut same',
    'in/empty': 'leftOut empty',
    'in/headless.dcm': 'taken',
    'in/notes.txt': 'notDicom notDicom',
    'in/picture.jpg': 'notDicom notDicom',
    'in/scan.rar': 'unread otherArchive',
    'in/张三': 'taken',
    none: 'unread missing',
  })
  expect(outcomes.find(({ path }) => path.endsWith('.jpg'))?.mediaKind).toBe('jpeg')
  expect(desk.digests.length).toBe(4)
})
