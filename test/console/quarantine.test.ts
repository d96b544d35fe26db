import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Spool } from '../../src/agent/queue/spool/spool.ts'
import { findingsText, wordsOfFinding } from '../../src/console/language/finding-words.ts'
import { FINDINGS } from '../../src/dicom/check/check-findings.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { spoolInstance, testIdentity } from '../support/instances/sealed-instance.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { QUARANTINED } from '../support/peers/fake-control-service.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('every finding has words in both languages, which name no value', () => {
  for (const finding of FINDINGS) {
    for (const language of ['en', 'zh'] as const) {
      const { short, meaning } = wordsOfFinding(finding, language)
      expect([finding, short.length > 4, meaning.length > 4]).toEqual([finding, true, true])
    }
    expect(wordsOfFinding(finding, 'zh').short).toMatch(/\p{Script=Han}|UID/u)
  }
  expect(findingsText(['fromANewerFerry'], 'en')).toBe('fromANewerFerry')
})

test('quarantine lists what is held and why; an empty one says so', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['quarantine'])).out).toBe('Nothing is held because of a check.\n')
  agent.service.inQuarantine = [QUARANTINED]
  const { exitCode, out } = await runCommand(agent.path, ['quarantine'])
  expect([exitCode, out]).toEqual([
    0,
    expect.stringMatching(/CT1 .*512 KiB +1\.2\.3 +has pixel data of the wrong length/),
  ])
  const { out: json } = await runCommand(agent.path, ['quarantine', '--json'])
  expect(JSON.parse(json)).toMatchObject({ schemaVersion: 1, instances: [{ findings: ['pixelLength'] }] })
})

test('explain says what was found and what that means, in the language of the one who asks', async () => {
  await using agent = await startFakeAgent()
  agent.service.inQuarantine = [QUARANTINED]
  const { out, err } = await runCommand(agent.path, ['quarantine', 'explain', QUARANTINED.ulid])
  expect(out).toContain('its length is not rows × columns × samples × bits × frames')
  expect(err).toContain(`ferry quarantine release ${QUARANTINED.ulid}`)
  const chinese = await runCommand(agent.path, ['quarantine', 'explain', QUARANTINED.ulid, '--lang', 'zh'])
  expect(chinese.out).toContain('像素数据长度不对')
  const asJson = await runCommand(agent.path, ['quarantine', 'explain', QUARANTINED.ulid, '--json'])
  expect(JSON.parse(asJson.out)).toMatchObject({ explanations: [{ finding: 'pixelLength' }] })
  expect(await runCommand(agent.path, ['quarantine', 'explain', 'X'])).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('(NOT_HELD)\n  X is not held because of a check'),
  })
})

test('release passes on one instance or a study, and wants one of the two', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['quarantine', 'release', '01X'])).out).toBe(
    '1 instance was released.\n',
  )
  expect(await runCommand(agent.path, ['quarantine', 'release', '--study', '1.2.3'])).toMatchObject({
    exitCode: 0,
  })
  expect(agent.service.released).toEqual([{ ulid: '01X' }, { studyInstanceUid: '1.2.3' }])
  expect(await runCommand(agent.path, ['quarantine', 'release'])).toMatchObject({ exitCode: 2 })
  expect(await runCommand(agent.path, ['quarantine', 'release', '01X', '--study', '1'])).toMatchObject({
    exitCode: 2,
  })
})

test('there is no way to discard what a device was told is safe', async () => {
  await using agent = await startFakeAgent()
  expect(await runCommand(agent.path, ['quarantine', 'discard', '01X'])).toMatchObject({ exitCode: 2 })
})

test('an exported file opens with the key that it was sealed to, and with age alone', async () => {
  await using agent = await startFakeAgent()
  using spool = await Spool.open(join(agent.path, 'data', 'spool'))
  const dataSet = Buffer.alloc(3_000_000, 'odd')
  const { envelope, path, trailer } = await spoolInstance(spool, { dataSet })
  const { ulid, sopClassUid, sopInstanceUid, transferSyntaxUid } = envelope
  agent.service.inQuarantine = [{ ...QUARANTINED, ulid, spoolFile: path }]

  const { exitCode, err } = await runCommand(agent.path, ['quarantine', 'export', ulid, '--to', 'odd'])
  expect([exitCode, err]).toEqual([0, expect.stringContaining('age --decrypt -i KEYFILE')])
  const age = join(agent.path, 'odd', `${ulid}.age`)
  expect(statSync(age).mode & 0o777).toBe(0o600)
  const key = join(agent.path, 'key.txt')
  writeFileSync(key, `${testIdentity.identity}\n`)
  const opened = execFileSync('age', ['--decrypt', '-i', key, age], { maxBuffer: 1e8 })
  const header = encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })
  expect(opened.equals(Buffer.concat([header, dataSet]))).toBe(true)
  expect(JSON.parse(readFileSync(join(agent.path, 'odd', `${ulid}.json`), 'utf8'))).toMatchObject({
    format: 'ferry-quarantine/1',
    envelope,
    trailer,
    findings: ['pixelLength'],
  })
  const again = await runCommand(agent.path, ['quarantine', 'export', ulid, '--to', 'odd'])
  expect(again.exitCode).toBe(1)
  expect(readFileSync(age).length).toBeGreaterThan(3_000_000)
})

test('a sealed file that has changed on the disk is not exported', async () => {
  await using agent = await startFakeAgent()
  using spool = await Spool.open(join(agent.path, 'data', 'spool'))
  const { envelope, path } = await spoolInstance(spool, { dataSet: Buffer.alloc(5000) })
  const bytes = readFileSync(path)
  bytes[3000] = (bytes[3000] ?? 0) ^ 1
  writeFileSync(path, bytes)
  agent.service.inQuarantine = [{ ...QUARANTINED, ulid: envelope.ulid, spoolFile: path }]
  const { exitCode, err } = await runCommand(agent.path, [
    'quarantine',
    'export',
    envelope.ulid,
    '--to',
    'odd',
  ])
  expect([exitCode, err]).toEqual([1, expect.stringContaining('SPOOL_FILE_DAMAGED')])
  expect(existsSync(join(agent.path, 'odd', `${envelope.ulid}.age`))).toBe(false)
})

test('a study shows its patient masked and a guess as one, and what was odd in its instances', async () => {
  await using agent = await startFakeAgent()
  const list = await runCommand(agent.path, ['study'])
  expect(list.out).toMatch(/陈\*\* \(\?\) +\*\*\*67 +CT +awaits receipt/)
  expect(list.out).toContain('(?) = the character set is missing or wrong')
  const one = await runCommand(agent.path, ['study', '1.2.3'])
  expect(one.out).toContain('陈** (?)')
  expect(one.out).toContain('1 of 2 instances: has pixel data of the wrong length')
  expect(list.out + one.out).not.toContain('小明')
  expect(agent.service.shownTo).toEqual([])
})

test('a study without names says why there are none, and how to have them', async () => {
  await using agent = await startFakeAgent()
  const told = []
  for (const state of ['credential', 'local-key', 'no-credential', 'bad-credential', 'off'] as const) {
    agent.service.displayNames = state
    const list = await runCommand(agent.path, ['study'])
    const one = await runCommand(agent.path, ['study', '1.2.3'])
    expect(one.err).toBe(list.err)
    told.push(list.err)
  }
  expect(told).toEqual([
    '',
    '',
    expect.stringMatching(/no display key.*docs\/operations\.md/),
    expect.stringMatching(/ferry-display-key cannot be read or is not 32 bytes/),
    expect.stringMatching(/displayNames: off/),
  ])
})

test('config check says what a thief of the disk reads if the display key lies on it', async () => {
  using folder = tempFolder()
  const check = async (line: string) => {
    writeFileSync(folder.join('ferry.yaml'), line)
    return runCommand(folder.path, ['config', 'check'])
  }
  const local = await check('displayNames: local-key\n')
  expect([local.exitCode, local.err]).toEqual([
    0,
    expect.stringMatching(/thief|steals this disk can read name/),
  ])
  expect(await check('displayNames: credential\n')).toMatchObject({ exitCode: 0, err: '' })
})

test('names are shown whole on request alone, and the agent is told who asks', async () => {
  await using agent = await startFakeAgent()
  const environment = { SUDO_USER: 'wang', LANG: 'en_US.UTF-8' }
  const one = await runCommand(agent.path, ['study', '1.2.3', '--show-names'], { environment })
  expect(one.out).toContain('陈 小明 (?)')
  const list = await runCommand(agent.path, ['study', '--show-names', '--json'], { environment })
  expect(JSON.parse(list.out)).toMatchObject({
    studies: [{ display: { patientName: { text: 'Chen^XiaoMing=陈^小明', isGuess: true } } }],
  })
  expect(agent.service.shownTo).toEqual([
    { osUser: 'wang', studyInstanceUid: '1.2.3', limit: 100 },
    { osUser: 'wang', studyInstanceUid: undefined, limit: 100 },
  ])
})
