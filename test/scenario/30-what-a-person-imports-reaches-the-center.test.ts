import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { checkingSchema } from '../../src/config/checking-settings.ts'
import { until } from '../support/clocks/until.ts'
import { dicomFile, writeTree, writeZip } from '../support/instances/import-fixtures.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { type CommandResult, runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

interface Account {
  isWhole: boolean
  counts: Record<string, number>
  files: {
    path: string
    result: string
    words: string[]
    code?: string
    reason?: string
    findings?: string[]
  }[]
}

/** Runs `ferry import` in a folder, at the agent of this clinic. */
function runImport(clinic: Clinic, folder: string, ...args: readonly string[]): Promise<CommandResult> {
  writeFileSync(`${folder}/ferry.yaml`, `dataFolder: ${clinic.settings.dataFolder}\n`)
  return runCommand(folder, ['--config', 'ferry.yaml', 'import', ...args])
}

const accountOf = ({ out }: CommandResult): Account => JSON.parse(out) as Account

test('an import is taken once and known the second time, and everything reaches the receipt', async () => {
  await using clinic = await openClinic()
  using folder = tempFolder()
  writeTree(folder.path, { 'scan/1.dcm': dicomFile().file, 'scan/2.dcm': dicomFile().file })
  await writeZip(folder.join('mail.zip'), [
    ['3.dcm', dicomFile().file],
    ['4.dcm', dicomFile().file],
  ])
  const first = await runImport(clinic, folder.path, 'scan', 'mail.zip', '--json')
  expect([first.exitCode, first.err]).toEqual([0, ''])
  expect(accountOf(first)).toMatchObject({ isWhole: true, counts: { odd: 4, known: 0, unread: 0 } })
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 4 })
  const second = await runImport(clinic, folder.path, 'scan', 'mail.zip')
  expect([second.exitCode, second.err]).toEqual([0, ''])
  expect(second.out).toMatch(/^4 files in [\d.]+ s\n {2}4 known: exactly these bytes were here before\n$/)
}, 60_000)

test('the account names each file with its fate and reason, in both languages: exit code 3', async () => {
  const checking = checkingSchema.parse({ characterSetMissing: 'hold' })
  await using clinic = await openClinic({ settings: { checking } })
  using folder = tempFolder()
  const { file } = dicomFile(4000)
  const chinese = dicomFile()
  Buffer.from([0xd5, 0xc5, 0xc8, 0xfd, 0x5e]).copy(chinese.file, chinese.file.indexOf('INVENTED'))
  writeTree(folder.path, {
    'in/cut.dcm': file.subarray(0, -1000),
    'in/good.dcm': dicomFile().file,
    'in/chinese.dcm': chinese.file,
    'in/report.pdf': '%PDF-1.4\n%%EOF\n',
    'in/broken.zip': Buffer.from('PK\u0003\u0004 and no more'),
  })
  const { exitCode, out, err } = await runImport(clinic, folder.path, 'in')
  expect(exitCode).toBe(3)
  expect(out).toMatch(
    /^5 files in [\d.]+ s\n {2}1 taken, with findings\n {2}1 taken and held.*\n {2}1 refused by the agent\n {2}1 could not be read\n {2}1 not DICOM\n$/,
  )
  expect(err).toContain('Refused by the agent (1):\n  in/cut.dcm: ')
  expect(err).toContain('is cut off')
  expect(err).toContain('in/broken.zip: the zip file is damaged or was cut off')
  expect(err).toContain('in/report.pdf: it is not a DICOM file (PDF)')
  expect(err).toContain('Taken and held until ferry quarantine releases them (1):')
  const json = accountOf(await runImport(clinic, folder.path, 'in', '--json', '--lang', 'zh'))
  expect(json.counts).toMatchObject({ known: 2, refused: 1, unread: 1, notDicom: 1 })
  expect(json.files.find(({ result }) => result === 'refused')).toMatchObject({
    path: folder.join('in/cut.dcm'),
    code: 'CHECK_REFUSED',
    findings: expect.arrayContaining(['truncated']),
  })
  expect(json.files.flatMap(({ words }) => words).join()).toMatch(/压缩包已损坏/)
}, 60_000)

test('without a running agent nothing is taken, and the reason is named: exit code 10', async () => {
  await using clinic = await openClinic()
  using folder = tempFolder()
  writeTree(folder.path, { '1.dcm': dicomFile().file })
  await clinic.stopAgent()
  expect(await runImport(clinic, folder.path, '1.dcm')).toMatchObject({
    exitCode: 10,
    out: '',
    err: expect.stringContaining('(NOT_RUNNING)'),
  })
}, 60_000)

test('the agent is started again during an import, and each instance is there once in the end', async () => {
  await using clinic = await openClinic()
  using folder = tempFolder()
  const files = Array.from({ length: 60 }, () => dicomFile(20_000).file)
  await writeZip(
    folder.join('a.zip'),
    files.map((file, i) => [`${i}.dcm`, file] as const),
  )
  const running = runImport(clinic, folder.path, 'a.zip', '--json')
  await until(
    () => instancesOf(clinic),
    (count) => count >= 10,
  )
  await clinic.stopAgent()
  await clinic.startAgent()
  const account = accountOf(await running)
  expect([account.isWhole, account.files.length]).toEqual([true, 60])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 60, held: 0 })
}, 60_000)

test('an import that is stopped tells what is safe, and the next one goes on', async () => {
  await using clinic = await openClinic()
  using folder = tempFolder()
  const files = Array.from({ length: 40 }, (_, i) => [`in/${i}.dcm`, dicomFile(20_000).file] as const)
  writeTree(folder.path, Object.fromEntries(files))
  writeFileSync(folder.join('ferry.yaml'), `dataFolder: ${clinic.settings.dataFolder}\n`)
  const stop = new AbortController()
  const running = runCommand(folder.path, ['import', 'in'], { signal: stop.signal })
  await until(
    () => instancesOf(clinic),
    (count) => count >= 5,
  )
  stop.abort(new Error('stopped by SIGINT'))
  const { exitCode, out, err } = await running
  expect(exitCode).toBe(130)
  expect(out).toMatch(/ files? in /)
  expect(err).toContain('run the same command again to continue')
  const next = accountOf(await runImport(clinic, folder.path, 'in', '--json'))
  expect(next.counts['known']).toBeGreaterThanOrEqual(5)
  expect((next.counts['known'] ?? 0) + (next.counts['odd'] ?? 0)).toBe(40)
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 40 })
}, 60_000)

function instancesOf({ agent }: Clinic): number {
  const { queued, sending, delivered, confirmed } = agent.service.status().deliveries
  return queued + sending + delivered + confirmed
}

test('a header that differs from its data set is remarked on, and a full disk ends the import with its reason', async () => {
  await using clinic = await openClinic()
  using folder = tempFolder()
  const instance = dicomFile()
  const text = instance.file.toString('latin1')
  const at = text.indexOf('1.2.840.10008.5.1.4.1.1.2\0')
  const other = Buffer.from(instance.file)
  other.write('4', at + 24, 'latin1')
  writeTree(folder.path, { '1.dcm': other })
  const { exitCode, err } = await runImport(clinic, folder.path, '1.dcm')
  expect(exitCode).toBe(0)
  expect(err).toContain(
    '1.dcm: the file meta header says SOP Class UID 1.2.840.10008.5.1.4.1.1.4, the data set',
  )
  expect(readFileSync(folder.join('1.dcm')).equals(other)).toBe(true)
  const full = { ...clinic.settings.limits, reserveBytes: 2 ** 60 }
  await using crowded = await openClinic({ settings: { limits: full } })
  const refused = await runImport(crowded, folder.path, '1.dcm')
  expect([refused.exitCode, refused.err]).toEqual([1, expect.stringContaining('(STORAGE_FULL)')])
}, 60_000)
