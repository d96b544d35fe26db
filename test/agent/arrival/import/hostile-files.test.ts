import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { FileImport } from '../../../../src/agent/arrival/import/file-import.ts'
import { type ImportFile, readOn } from '../../../../src/agent/arrival/import/import-file.ts'
import { importSchema } from '../../../../src/config/import-settings.ts'
import { encodePart10Header } from '../../../../src/dicom/read/part10.ts'
import { MEDIA_STORAGE_DIRECTORY } from '../../../../src/dicom/vocabulary/sop-class.ts'
import { TAG } from '../../../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, writer } from '../../../dicom/build-data-set.ts'
import { TakingDesk } from '../../../support/instances/import-desk.ts'
import { dicomFile, writeZip } from '../../../support/instances/import-fixtures.ts'
import { propertyRuns } from '../../../support/property-runs.ts'
import { Random } from '../../../support/random.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const CASES = propertyRuns(400)

/** A file whose bytes are in memory. */
function inMemory(path: string, bytes: Buffer): ImportFile {
  const source = {
    size: bytes.length,
    read: async (offset: number, length: number) => bytes.subarray(offset, offset + length),
  }
  const open = async () => ({
    ...source,
    stream: (offset: number) => readOn(source, offset),
    [Symbol.asyncDispose]: async () => {},
  })
  return { path, isNamed: false, open }
}

/** Changes some bytes, takes some away, or writes a large number. */
function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let changes = random.between(1, 6); changes > 0; changes--) {
    const at = random.below(copy.length - 8)
    if (random.isIn(20)) copy.writeUInt32LE(random.pick([0xffff_ffff, 0xffff_fffe, 0x8000_0000, 0]), at)
    else copy[at] = random.below(256)
  }
  return random.isIn(20) ? copy.subarray(0, random.below(copy.length)) : copy
}

/** Imports the files and returns how many outcomes there were, and how many files the import counted. */
async function imported(files: readonly ImportFile[]): Promise<[outcomes: number, total: number]> {
  const run = new FileImport(new TakingDesk(), importSchema.parse({}))
  const outcomes = await Array.fromAsync(run.run(files))
  return [outcomes.length, run.total]
}

test('a damaged zip file never ends an import, and each of its files is accounted for', async () => {
  using folder = tempFolder()
  await writeZip(folder.join('a.zip'), [
    ['CT/1.dcm', dicomFile(300).file],
    ['CT/2.dcm', dicomFile(300).file],
    ['notes.txt', Buffer.from('a note')],
  ])
  const zip = readFileSync(folder.join('a.zip'))
  const random = Random.fromEnvironment()
  for (let i = 0; i < CASES; i++) {
    const good = inMemory('good.dcm', dicomFile(100).file)
    const [outcomes, total] = await imported([inMemory('a.zip', damaged(zip, random)), good])
    expect({ seed: random.seed, i, outcomes }).toEqual({ seed: random.seed, i, outcomes: total })
    expect(outcomes).toBeGreaterThanOrEqual(1)
  }
}, 60_000)

const { element, item } = writer(EXPLICIT_LITTLE)

/** A record of a DICOMDIR; `isInUse`: Record In-use Flag. */
const record = (fileId: string, isInUse = true): Buffer =>
  item(
    Buffer.concat([
      element(TAG.RecordInUseFlag, 'US', isInUse ? Buffer.from([0xff, 0xff]) : Buffer.alloc(2)),
      element(TAG.ReferencedFileID, 'CS', fileId.padEnd(fileId.length + (fileId.length % 2), ' ')),
    ]),
  )

function dicomdir(...records: readonly Buffer[]): Buffer {
  const header = encodePart10Header({
    sopClassUid: MEDIA_STORAGE_DIRECTORY,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
  })
  return Buffer.concat([header, element(TAG.DirectoryRecordSequence, 'SQ', Buffer.concat(records))])
}

test('a record that is not in use names no file', async () => {
  const files = [
    inMemory('DICOMDIR', dicomdir(record('A\\1'), record('A\\2', false), record('A\\3'))),
    inMemory('A/1', dicomFile(100).file),
  ]
  const run = new FileImport(new TakingDesk(), importSchema.parse({}))
  const outcomes = await Array.fromAsync(run.run(files))
  expect(outcomes.map(({ path, kind, problem }) => [path, kind, problem?.reason])).toEqual([
    ['DICOMDIR', 'leftOut', 'directory'],
    ['A/1', 'taken', undefined],
    ['A/3', 'unread', 'noFile'],
  ])
})

test('a damaged DICOMDIR never ends an import, and the images beside it are taken', async () => {
  const whole = dicomdir(record('A\\1'), record('A\\2'))
  const random = Random.fromEnvironment()
  for (let i = 0; i < CASES; i++) {
    const desk = new TakingDesk()
    const run = new FileImport(desk, importSchema.parse({}))
    const files = [inMemory('DICOMDIR', damaged(whole, random)), inMemory('A/1', dicomFile(100).file)]
    const outcomes = await Array.fromAsync(run.run(files))
    expect({
      seed: random.seed,
      i,
      taken: outcomes.some(({ path, kind }) => path === 'A/1' && kind === 'taken'),
    }).toEqual({ seed: random.seed, i, taken: true })
  }
}, 60_000)
