import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { type AuditRecord, DeidAuditLog } from '../../src/agent/deid-records/deid-audit-log.ts'
import { readProjectKey } from '../../src/agent/deid-records/project-key-file.ts'
import { StudyPersonLog } from '../../src/agent/deid-records/study-person-log.ts'
import { keyOf } from '../../src/agent/deidentify/rules/profile-key.ts'
import { encodePart10Header, parsePart10Header } from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { parseUlid } from '../../src/protocol/ulid.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const { element, item } = writer(EXPLICIT_LITTLE)
const short = (value: number): Buffer => Buffer.from([value, 0])
const DATA_SET = Buffer.concat([
  element(TAG.SpecificCharacterSet, 'CS', 'GB18030 '),
  element(TAG.SOPClassUID, 'UI', `${CT}\0`),
  element(TAG.SOPInstanceUID, 'UI', '1.2.3.4.5.6\0'),
  element(TAG.StudyDate, 'DA', '20240301'),
  element(TAG.Modality, 'CS', 'CT'),
  element(tagNamed('SeriesDescription'), 'LO', 'Thorax of ZHANGSAN'),
  element(tagOf(0x0009, 0x0010), 'LO', 'ACME'),
  element(tagOf(0x0009, 0x1001), 'LO', 'private!'),
  element(TAG.PatientName, 'PN', 'ZHANGSAN'),
  element(TAG.PatientID, 'LO', 'PID-1234'),
  element(TAG.SamplesPerPixel, 'US', short(1)),
  element(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2 '),
  element(TAG.Rows, 'US', short(32)),
  element(TAG.Columns, 'US', short(64)),
  element(TAG.BitsAllocated, 'US', short(16)),
  element(TAG.BitsStored, 'US', short(16)),
  element(TAG.HighBit, 'US', short(15)),
  element(TAG.PixelRepresentation, 'US', short(0)),
  element(
    tagNamed('RequestAttributesSequence'),
    'SQ',
    item(element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1')),
  ),
  element(TAG.PixelData, 'OW', Buffer.alloc(4096, 3)),
])
const PROFILES = `dataFolder: data
deidentification:
  projectKeyFile: project.key
  profiles:
    - name: teaching
      options: [retain-long-modified-dates, clean-descriptors]
      rules:
        - path: RequestAttributesSequence
          action: remove
          when: {device: CT room 1}
        - path: (0009,"ACME",01)
          action: keep
    - name: strict
devices:
  - {name: CT room 1, aeTitle: CT1}
`

interface Desk extends Disposable {
  readonly folder: ReturnType<typeof tempFolder>
  run(...args: string[]): ReturnType<typeof runCommand>
}

/** A folder with a configuration, a key and a file; no agent is running. */
function openDesk(
  dataSet = DATA_SET,
  transferSyntaxUid: string = TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  sopClassUid = CT,
): Desk {
  const folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), PROFILES)
  writeFileSync(folder.join('project.key'), '07'.repeat(32), { mode: 0o600 })
  const header = encodePart10Header({ sopClassUid, sopInstanceUid: '1.2.3.4.5.6', transferSyntaxUid })
  writeFileSync(folder.join('a.dcm'), Buffer.concat([header, dataSet]))
  return {
    folder,
    run: (...args) => runCommand(folder.path, ['deid', ...args]),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

test('preview tells of every element what happens to it and by which rule, and shows no value', async () => {
  using desk = openDesk()
  const { exitCode, out } = await desk.run('preview', 'a.dcm', '--profile', 'teaching')
  expect(exitCode).toBe(0)
  const rows = out.split('\n').map((line) => line.split(/ {2,}/))
  expect(rows).toEqual(
    expect.arrayContaining([
      ['ELEMENT', 'VR', 'ACTION', 'RULE'],
      ['Modality', 'CS', 'keep', 'not in Table E.1-1'],
      ['StudyDate', 'DA', 'shift date', 'retain-long-modified-dates'],
      ['SeriesDescription', 'LO', 'scrub', 'clean-descriptors'],
      ['PatientID', 'LO', 'replace', 'Basic Profile Z/D'],
      ['PatientName', 'PN', 'replace', 'Basic Profile Z'],
      ['(0009,"ACME",01)', 'LO', 'keep', 'own rule 2'],
      ['PatientIdentityRemoved', 'CS', 'add', 'says what was done'],
    ]),
  )
  expect(out).toContain('May leave (PS3.15 2024b)')
  expect(out).not.toMatch(/ZHANGSAN|PID-1234|private!/)
})

test('values are shown before and after only where they are asked for', async () => {
  using desk = openDesk()
  const args = ['preview', 'a.dcm', '--profile', 'teaching', '--show-values', '--json']
  const { steps } = JSON.parse((await desk.run(...args)).out)
  expect(steps).toContainEqual({
    path: 'SeriesDescription',
    vr: 'LO',
    action: 'scrub',
    rule: 'clean-descriptors',
    before: 'Thorax of ZHANGSAN',
    after: 'Thorax of ***',
  })
  const hidden = (await desk.run(...args.filter((arg) => arg !== '--show-values'))).out
  expect(hidden).not.toContain('ZHANGSAN')
})

test('a rule for one device applies when the preview is told that it is the sender', async () => {
  using desk = openDesk()
  const actionWith = async (...device: string[]): Promise<string> => {
    const { out } = await desk.run('preview', 'a.dcm', '--profile', 'teaching', '--json', ...device)
    const { steps } = JSON.parse(out) as { steps: { path: string; action: string }[] }
    return steps.find(({ path }) => path === 'RequestAttributesSequence')?.action ?? ''
  }
  expect(await actionWith('--device', 'CT1')).toBe('remove')
  expect(await actionWith('--device', 'CT room 1')).toBe('remove')
  expect(await actionWith()).not.toBe('own rule 1')
})

test('the output is a DICOM file under its new UID, and holds none of the identity', async () => {
  using desk = openDesk()
  const args = ['preview', 'a.dcm', '--profile', 'teaching', '--output', 'out.dcm']
  const { exitCode } = await desk.run(...args)
  const bytes = readFileSync(desk.folder.join('out.dcm'))
  const key = keyOf({ name: 'teaching' }, await readProjectKey(desk.folder.join('project.key')))
  expect([exitCode, parsePart10Header(bytes)?.sopInstanceUid]).toEqual([0, key.uid('1.2.3.4.5.6')])
  expect(bytes.toString('latin1')).not.toMatch(/ZHANGSAN|PID-1234|1\.2\.3\.4\.5\.6/)
  expect(bytes.includes('private!')).toBe(true)
  const dump = execFileSync('dcmdump', [desk.folder.join('out.dcm')], { encoding: 'latin1' })
  expect(dump).toMatch(/\(0012,0062\) CS \[YES\]/)
  // Existing files stay.
  const again = await desk.run(...args)
  expect([again.exitCode, readFileSync(desk.folder.join('out.dcm')).equals(bytes)]).toEqual([1, true])
})

test('the preview gives the pseudonym that the first instance of the study gave, and keeps nothing itself', async () => {
  const dataSet = Buffer.concat([
    DATA_SET.subarray(0, DATA_SET.length - 4096 - 12),
    element(TAG.StudyInstanceUID, 'UI', '1.2.99\0\0'),
  ])
  using desk = openDesk(dataSet)
  const key = keyOf({ name: 'teaching' }, await readProjectKey(desk.folder.join('project.key')))
  const log = await StudyPersonLog.open(desk.folder.join('data'))
  const idOf = async (): Promise<string | undefined> => {
    const args = ['preview', 'a.dcm', '--profile', 'teaching', '--json', '--show-values']
    const { steps } = JSON.parse((await desk.run(...args)).out) as {
      steps: { path: string; after: string }[]
    }
    return steps.find(({ path }) => path === 'PatientID')?.after
  }
  const own = await idOf()
  log.personOf(key.mark('study\u00001.2.99'), key.mark('another'))
  await log.durable()
  expect([own, await idOf()]).toEqual([
    expect.stringMatching(/^[0-9A-Z]{16}$/),
    key.pseudonym('patient', key.mark('another')),
  ])
  expect(own).not.toBe(await idOf())
})

test('a deflated file is read, and its output is not deflated', async () => {
  using desk = openDesk(deflateRawSync(DATA_SET), TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian)
  const { exitCode } = await desk.run('preview', 'a.dcm', '--profile', 'strict', '--output', 'out.dcm')
  const dump = execFileSync('dcmdump', [desk.folder.join('out.dcm')], { encoding: 'latin1' })
  expect([exitCode, dump]).toEqual([0, expect.stringContaining('Little Endian Explicit')])
})

test.each([
  ['cut short', DATA_SET.subarray(0, 100), CT],
  ['a document', DATA_SET, '1.2.840.10008.5.1.4.1.1.104.1'],
])(
  'an instance that is %s is withheld, with the reason, and leaves no output',
  async (_, dataSet, sopClassUid) => {
    using desk = openDesk(dataSet, undefined, sopClassUid)
    const args = ['preview', 'a.dcm', '--profile', 'strict']
    const { exitCode, out } = await desk.run(...args, '--output', 'out.dcm')
    expect([exitCode, out]).toEqual([1, expect.stringContaining('WITHHELD: ')])
    expect(statSync(desk.folder.join('out.dcm'), { throwIfNoEntry: false })).toBeUndefined()
    expect(JSON.parse((await desk.run(...args, '--json')).out)).toMatchObject({ verdict: 'withheld' })
  },
)

test('an absent profile, a file that is not an instance, and a lost key are told apart', async () => {
  using desk = openDesk()
  const profile = await desk.run('preview', 'a.dcm', '--profile', 'teching')
  expect([profile.exitCode, profile.err]).toEqual([1, expect.stringContaining('did you mean teaching?')])
  const file = await desk.run('preview', 'ferry.yaml', '--profile', 'strict')
  expect([file.exitCode, file.err]).toEqual([1, expect.stringContaining('DATA_SET_UNREADABLE')])
  const missing = await desk.run('preview', 'b.dcm', '--profile', 'strict')
  expect([missing.exitCode, missing.err]).toEqual([1, expect.stringContaining('b.dcm')])
  writeFileSync(desk.folder.join('project.key'), 'short')
  const key = await desk.run('preview', 'a.dcm', '--profile', 'strict')
  expect([key.exitCode, key.err]).toEqual([1, expect.stringContaining('KEY_FILE_INVALID')])
})

test('key makes 32 random bytes that no other user may read, and never overwrites', async () => {
  using desk = openDesk()
  const { exitCode, out, err } = await desk.run('key', 'new.key')
  const path = desk.folder.join('new.key')
  expect([exitCode, out, err]).toEqual([0, `Written: ${path}\n`, expect.stringContaining('Back it up')])
  const text = readFileSync(path, 'utf8')
  expect([text, statSync(path).mode & 0o777]).toEqual([expect.stringMatching(/^[0-9a-f]{64}\n$/), 0o600])
  const again = await desk.run('key', 'new.key')
  expect([again.exitCode, readFileSync(path, 'utf8')]).toEqual([1, text])
  await desk.run('key', 'other.key')
  expect(readFileSync(desk.folder.join('other.key'), 'utf8')).not.toBe(text)
})

test('a key may be raw bytes, and one that others may read is refused', async () => {
  using folder = tempFolder()
  const [raw, hex, open] = ['raw', 'hex', 'open'].map((name) => folder.join(name))
  writeFileSync(raw ?? '', Buffer.alloc(32, 7), { mode: 0o600 })
  writeFileSync(hex ?? '', `${'07'.repeat(32)}\r\n`, { mode: 0o600 })
  writeFileSync(open ?? '', Buffer.alloc(32, 7), { mode: 0o644 })
  expect((await readProjectKey(raw ?? '')).uid('1.2')).toBe((await readProjectKey(hex ?? '')).uid('1.2'))
  await expect(readProjectKey(open ?? '')).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' })
})

const record = (at: string, more: Partial<AuditRecord> = {}): AuditRecord => ({
  at,
  ulid: parseUlid('01ARZ3NDEKTSV4RRFFQ69G5FAV'),
  route: 'teaching',
  before: 'a'.repeat(64),
  after: 'b'.repeat(64),
  deidentified: {
    profile: 'teaching',
    edition: 'PS3.15 2024b',
    options: [],
    actions: { remove: 3 },
    rules: { private: 2, 'Basic Profile X': 1 },
    scrubbed: 1,
    pixelsAreClean: false,
  },
  ...more,
})

test('audit adds up what was done, by route and rule, since a day', async () => {
  using desk = openDesk()
  mkdirSync(desk.folder.join('data'))
  using log = new DeidAuditLog(desk.folder.join('data'))
  log.append(record('2026-01-29T10:00:00.000Z'))
  log.append(record('2026-01-30T10:00:00.000Z'))
  const { before: _, ...alone } = record('2026-01-30T11:00:00.000Z', { route: 'research' })
  log.append(alone)
  const { out, exitCode } = await desk.run('audit', '--since', '2026-01-30', '--json')
  expect([exitCode, JSON.parse(out)]).toMatchObject([
    0,
    {
      unreadable: 0,
      sums: [
        { route: 'teaching', instances: 1, rules: { private: 2, 'Basic Profile X': 1 } },
        { route: 'research', instances: 1 },
      ],
    },
  ])
  const table = (await desk.run('audit', '--since', '2026-01-01')).out
  expect(table).toMatch(/teaching +teaching +2/)
  expect(table).toMatch(/private +4/)
  const list = (await desk.run('audit', '--since', '2026-01-01', '--list')).out
  expect(list.trimEnd().split('\n')).toHaveLength(4)
  expect(list).toMatch(/teaching +teaching +a{16}… → b{16}…/)
  expect(list).toMatch(/research +teaching +→ b{16}…/)
  const nothing = await desk.run('audit', '--since', '2027-01-01')
  expect(nothing.out).toBe('Nothing was changed in that period.\n')
  expect((await desk.run('audit', '--since', 'soon')).exitCode).toBe(2)
})

test('a record that a power cut has torn costs no other one', async () => {
  using desk = openDesk()
  const [folder, file] = [
    desk.folder.join('data'),
    desk.folder.join('data', 'deid-audit', '2026-01-30.jsonl'),
  ]
  {
    using log = new DeidAuditLog(folder)
    log.append(record('2026-01-30T10:00:00.000Z'))
  }
  appendFileSync(file, '{"at":"2026-01-30T10:00:01.0')
  using log = new DeidAuditLog(folder)
  log.append(record('2026-01-30T10:00:02.000Z'))
  const { out } = await desk.run('audit', '--since', '2026-01-30', '--json')
  expect(JSON.parse(out)).toMatchObject({ unreadable: 1, sums: [{ instances: 2 }] })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a disk that is full is a failure of the record alone', () => {
  using folder = tempFolder()
  writeFileSync(folder.join('deid-audit'), 'in the way')
  using log = new DeidAuditLog(folder.path)
  expect(() => log.append(record('2026-01-30T10:00:00.000Z'))).toThrow(
    expect.objectContaining({ code: 'STORAGE_ERROR' }),
  )
})
