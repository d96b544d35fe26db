import { expect, test } from '@jest/globals'
import type { FolderStatus } from '../../src/protocol/folder-api.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { WELL } from '../support/peers/fake-control-service.ts'
import { runCommand } from '../support/programs/run-command.ts'

const FOLDER: FolderStatus = {
  name: 'endo',
  path: '/srv/endo',
  trouble: null,
  troubleSince: null,
  paused: null,
  woken: 'watcher',
  watcherTrouble: null,
  moving: 1,
  waiting: 1,
  held: 1,
  taken: 40,
  takenSinceStart: 12,
  lastSweepAt: WELL.now,
}

const FILE = '01JDZK3F5ZQ8V6T4R2P0N8M6K4'

test('folders shows the state of each folder, and each file that waits or is held with its path and reason', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['folders'])).out).toBe(
    'no folder is watched (folders in the configuration)\n',
  )
  agent.service.state = { ...WELL, folders: [FOLDER] }
  agent.service.keptFiles = [
    {
      file: FILE,
      folder: 'endo',
      path: '张三.jpg',
      state: 'waiting',
      reason: 'DEVICE_SEVERAL',
      bytes: 2048,
      since: WELL.now,
    },
    {
      file: FILE,
      folder: 'endo',
      path: null,
      state: 'held',
      reason: 'CHECK_REFUSED',
      bytes: 1,
      since: WELL.now,
    },
  ]
  const { out } = await runCommand(agent.path, ['folders'])
  expect(out).toContain(
    'endo  /srv/endo: 12 taken since the start, 1 not whole or still changing, 1 without patient, 1 held',
  )
  expect(out).toMatch(
    /01JDZK3F5ZQ8V6T4R2P0N8M6K4 +endo +needs patient .* several orders for this device at this time +张三\.jpg/,
  )
  expect(out).toMatch(
    /held .* an instance was refused because of what was found in it +\(not seen since the start\)/,
  )
  const chinese = (await runCommand(agent.path, ['folders', '--lang', 'zh'])).out
  expect(chinese).toMatch(/待定患者 .*此设备在该时间有多张申请单/)
  const { out: json } = await runCommand(agent.path, ['folders', '--json'])
  expect(JSON.parse(json)).toMatchObject({ schemaVersion: 1, files: [{ reason: 'DEVICE_SEVERAL' }, {}] })
})

test('folders says in words of the reader why a file is held, and what to do about it', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = { ...WELL, folders: [FOLDER] }
  const words: readonly (readonly [code: string, en: RegExp, zh: RegExp])[] = [
    ['IMAGE_PROGRESSIVE', /a JPEG is progressive.*: switch progressive off/, /渐进式.*：/],
    ['VIDEO_PROFILE', /profile or level of a video.*: set the device to H\.264 High/, /H\.264 High/],
    ['DOCUMENT_ENCRYPTED', /a PDF is encrypted: have the report system/, /PDF.*加密.*：/],
    ['IMAGE_ROTATED', /must be turned.*: turn it and save it again/, /orientation: send/],
    ['FILE_ZIP', /a zip file: take it in by ferry import/, /压缩包：用 ferry import/],
    [
      'DEVICE_UNLISTED',
      /no longer listed under devices: list the device/,
      /已不在 devices 中：.*ferry retry/,
    ],
  ]
  agent.service.keptFiles = words.map(([reason]) => ({
    file: FILE,
    folder: 'endo',
    path: null,
    state: 'held' as const,
    reason,
    bytes: 1,
    since: WELL.now,
  }))
  for (const language of ['en', 'zh'] as const) {
    const { out } = await runCommand(agent.path, ['folders', '--lang', language])
    for (const [code, en, zh] of words) {
      expect(out).toMatch(language === 'en' ? en : zh)
      expect(out).not.toContain(code)
    }
  }
})

test('status has a line for each watched folder, and says why nothing is taken', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = {
    ...WELL,
    folders: [
      FOLDER,
      { ...FOLDER, name: 'us', trouble: 'reading /srv/us: ENOENT: no such file or directory' },
      { ...FOLDER, name: 'pdf', paused: '1 GiB free on the disk, and 2 GiB are kept in reserve' },
      { ...FOLDER, name: 'cam', woken: 'sweep', watcherTrouble: 'ENOSPC: System limit reached' },
    ],
  }
  const { out } = await runCommand(agent.path, ['status'])
  expect(out).toMatch(/folder endo +12 taken since the start, 1 not whole/)
  expect(out).toMatch(/folder us +cannot be read: .*ENOENT/)
  expect(out).toMatch(/folder pdf +nothing is taken now: 1 GiB free/)
  expect(out).toMatch(/folder cam .*the watcher has ended \(ENOSPC/)
})

test('assign hands the order or the facts about a file to the agent', async () => {
  await using agent = await startFakeAgent()
  const { exitCode, out } = await runCommand(agent.path, [
    'assign',
    FILE,
    '--patient-id',
    '4711',
    '--patient-name',
    '张^三',
    '--accession',
    'A 1&x',
  ])
  expect(exitCode).toBe(0)
  expect(out).toContain(FILE)
  await runCommand(agent.path, ['assign', FILE, '--order', 'ris/7'])
  expect(agent.service.assigned).toEqual([
    {
      file: FILE,
      order: undefined,
      facts: { patientId: '4711', patientName: '张^三', accessionNumber: 'A 1&x' },
    },
    { file: FILE, order: 'ris/7', facts: {} },
  ])
})

const alarm = (code: string, message: string) => ({ code, subject: 'endo', message, since: WELL.now })

test('the alarms of folders are told in Chinese with their cause', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = {
    ...WELL,
    alarms: [
      alarm(
        'FOLDER_UNREACHABLE',
        "reading /srv/endo: ENOENT: no such file or directory, realpath '/srv/endo'",
      ),
      alarm('FOLDER_FILE_HELD', '3 files cannot be taken as they are: 2 IMAGE_PROGRESSIVE, 1 FILE_ZIP'),
      alarm('FOLDER_NEEDS_PATIENT', `the oldest file is ${FILE}`),
      alarm('FOLDER_SOURCE_KEPT', 'moving taken files to /srv/done: EXDEV'),
    ],
  }
  const { out } = await runCommand(agent.path, ['status', '--lang', 'zh'])
  expect(out).toContain('/srv/endo')
  expect(out).toContain('3 个文件无法照原样收取：2 IMAGE_PROGRESSIVE, 1 FILE_ZIP')
  expect(out).toContain(`最早的文件是 ${FILE}`)
  expect(out).toContain('移往 /srv/done 失败，EXDEV')
  expect(out).not.toContain('原文加 --verbose 显示')
})
