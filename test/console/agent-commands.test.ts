import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startControlServer } from '../../src/agent/control/control-server.ts'
import { silentLog } from '../../src/platform/log.ts'
import { controlSocketPath } from '../../src/protocol/control-api.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { CUT_OFF, WELL } from '../support/peers/fake-control-service.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('status of a healthy agent says that all is well, on standard output alone', async () => {
  await using agent = await startFakeAgent()
  const { exitCode, out, err } = await runCommand(agent.path, ['status'])
  expect([exitCode, err]).toEqual([0, ''])
  expect(out).toContain('✓ All is well')
  expect(out).toContain('Ferry 0.1.0, running for 1 d 2 h')
})

test('status at 2 a.m. says what is wrong, since when, what happens next and what to do', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = CUT_OFF
  const { exitCode, out } = await runCommand(agent.path, ['status'])
  expect(exitCode).toBe(13)
  expect(out.indexOf('Needs you: 1')).toBeLessThan(out.indexOf('Queue'))
  expect(out).toMatch(
    /Nothing can be sent to the center: the center cannot be reached \(connecting to .*\), since .* \(2 h\)/,
  )
  expect(out).toMatch(/next\s+attempt 14 at .* \(in 2 min\); Ferry keeps trying by itself/)
  expect(out).toMatch(/do\s+check this clinic's internet line/)
})

test('a line that has just broken is Ferry’s own business: exit code 0', async () => {
  await using agent = await startFakeAgent()
  const { trouble } = CUT_OFF.center
  if (trouble === null) throw new Error('the fixture has lost its trouble')
  agent.service.state = {
    ...CUT_OFF,
    center: { ...CUT_OFF.center, trouble: { ...trouble, since: WELL.now - 60_000 } },
  }
  const { exitCode, out } = await runCommand(agent.path, ['status'])
  expect(exitCode).toBe(0)
  expect(out).toContain('! Sending to the center fails now; Ferry keeps trying by itself')
})

test.each([
  ['alarms', { alarms: [{ code: 'SPOOL_FILE_MISSING', subject: '01X', message: 'gone', since: 0 }] }],
  ['held instances', { deliveries: { ...WELL.deliveries, held: 1 } }],
  ['a full disk', { disk: { ...WELL.disk, freeBytes: 1, room: 'nothing' as const } }],
  ['a confirmation that is a day late', { oldestUnconfirmedAt: WELL.now - 25 * 3_600_000 }],
  ['a clock that is off', { clockOffsetMs: -90_000 }],
])('%s: a person is needed, exit code 13', async (_, change) => {
  await using agent = await startFakeAgent()
  agent.service.state = { ...WELL, ...change }
  expect(await runCommand(agent.path, ['status'])).toMatchObject({ exitCode: 13 })
})

const REJECTED = {
  state: 'pending' as const,
  name: null,
  kind: null,
  lastInstance: null,
  silentAfterMs: null,
  proposal: null,
  callingAeTitle: 'CT2',
  calledAeTitle: 'FERRY',
  peerAddress: '10.0.0.9',
  firstSeenAt: WELL.now,
  lastSeenAt: WELL.now,
  associations: 0,
  rejections: 3,
  lastRejection: 'the device list has no such AE title',
  problem: null,
}

test.each([
  [
    'unknown',
    '',
    'not listed, and turned away',
    'ferry devices approve CT2 --address 10.0.0.9; if not: ferry devices ignore CT2@10.0.0.9',
  ],
  [
    'called',
    'FERRY2',
    'turned away: it called FERRY, but only FERRY2 is answered here',
    'set the called AE title',
  ],
  ['address', '10.0.0.7', 'is listed only with 10.0.0.7', 'ferry devices approve CT2 --address 10.0.0.9'],
])(
  'a device that was turned away (%s): status says what to do about just that',
  async (kind, detail, ...words) => {
    await using agent = await startFakeAgent()
    const problem = { kind, detail, at: WELL.now }
    agent.service.state = { ...WELL, devices: [{ ...REJECTED, problem }] }
    const { exitCode, out } = await runCommand(agent.path, ['status'])
    expect(exitCode).toBe(0)
    expect(out).toContain('CT2 at 10.0.0.9 (3 times): ')
    for (const word of words) expect(out).toContain(word)
    const chinese = (await runCommand(agent.path, ['--lang', 'zh', 'status'])).out
    expect(chinese).toContain('CT2（10.0.0.9，3 次）：')
    expect(chinese).not.toContain(REJECTED.lastRejection)
  },
)

test('a device that is not let in is shown with the reason, its name made harmless', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = { ...WELL, devices: [{ ...REJECTED, callingAeTitle: 'CT\u001b[2J' }] }
  const { exitCode, out } = await runCommand(agent.path, ['status'])
  expect(exitCode).toBe(0)
  expect(out).toContain('CT?[2J at 10.0.0.9 (3 times): the device list has no such AE title')
  expect(out).not.toContain('\u001b')
})

test('status says how fast images are sent and how long the rest needs, if that is known', async () => {
  await using agent = await startFakeAgent()
  const waiting = { ...WELL, oldestUnconfirmedAt: WELL.now - 60_000, waitingBytes: 5_000_000 }
  agent.service.state = { ...waiting, sending: { bytesPerSecond: 2_000_000, secondsLeft: 725, packs: [] } }
  expect((await runCommand(agent.path, ['status'])).out).toMatch(/ ago; .+\/s, about 12 min left/)
  expect((await runCommand(agent.path, ['status', '--lang', 'zh'])).out).toMatch(/\/秒，约需 12 分/)
  agent.service.state = waiting
  expect((await runCommand(agent.path, ['status'])).out).not.toContain(' left')
})

test('status --json is one versioned document with the findings', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = CUT_OFF
  const { exitCode, out } = await runCommand(agent.path, ['status', '--json'])
  expect(exitCode).toBe(13)
  expect(JSON.parse(out)).toEqual({
    schemaVersion: 1,
    isHealthy: false,
    findings: [
      expect.objectContaining({ severity: 'act', code: 'CENTER_UNREACHABLE', next: expect.anything() }),
    ],
    ...CUT_OFF,
  })
})

test('status --watch goes on until it is stopped', async () => {
  await using agent = await startFakeAgent()
  const stop = new AbortController()
  const asked = agent.service.status.bind(agent.service)
  agent.service.status = () => {
    queueMicrotask(() => stop.abort())
    return asked()
  }
  const { exitCode, out } = await runCommand(agent.path, ['status', '--watch', '--json'], {
    signal: stop.signal,
  })
  expect([exitCode, out.trim().split('\n').length]).toEqual([0, 1])
})

const WAITING = {
  studyInstanceUid: '1.2.3',
  callingAeTitle: 'CT1',
  arrivedAt: WELL.now,
  sealedBytes: 2_000_000,
  instances: 4,
  held: 1,
  queued: 3,
  sending: 0,
  delivered: 0,
  attempts: 2,
  nextAttemptAt: 0,
} as const

test('queue says of each study how many images wait, why, and when they go', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = CUT_OFF
  const refused = { state: 'held', reasonCode: 'INSTANCE_REFUSED', reason: 'the center refuses it' } as const
  const queued = { state: 'queued', reasonCode: null, reason: null, held: 0, queued: 4 } as const
  agent.service.waiting = [
    { ...WAITING, ...refused },
    { ...WAITING, ...queued, studyInstanceUid: '1.2.4' },
  ]
  agent.service.waitingMore = 300
  const { exitCode, out } = await runCommand(agent.path, ['queue', '--limit', '5'])
  expect([exitCode, agent.service.limits]).toEqual([0, [5]])
  const [, held, waiting, more] = out.split('\n')
  expect(held).toMatch(/^1 HELD, 3 queued  CT1 .* 1\.2\.3 .*\(INSTANCE_REFUSED: the center refuses it\)$/)
  expect(waiting).toMatch(/^queued .* 1\.2\.4 .*the center cannot be reached \(CENTER_UNREACHABLE: /)
  expect(more).toBe('… and 300 more instances')
})

test('queue --watch prints one document a line until it is stopped', async () => {
  await using agent = await startFakeAgent()
  const stop = new AbortController()
  const asked = agent.service.queue.bind(agent.service)
  agent.service.queue = (limit) => {
    queueMicrotask(() => stop.abort())
    return asked(limit)
  }
  const { exitCode, out } = await runCommand(agent.path, ['queue', '--watch', '--json'], {
    signal: stop.signal,
  })
  expect([exitCode, JSON.parse(out)]).toMatchObject([0, { schemaVersion: 1, unconfirmed: 0, studies: [] }])
})

test('an empty queue says so', async () => {
  await using agent = await startFakeAgent()
  expect(await runCommand(agent.path, ['queue'])).toMatchObject({
    exitCode: 0,
    out: 'Nothing is waiting: every instance is confirmed.\n',
  })
})

test('study lists studies, shows one, and writes its evidence once', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['study'])).out).toMatch(/awaits receipt +1\/2 .*waiting +1\.2\.3/)
  expect((await runCommand(agent.path, ['study', '1.2.3'])).out).toMatch(
    /HELD +1 +512 KiB +the center cannot accept/,
  )
  const write = ['study', '1.2.3', '--evidence', 'proof.json']
  expect(await runCommand(agent.path, write)).toMatchObject({ exitCode: 0, out: '' })
  expect(JSON.parse(readFileSync(join(agent.path, 'proof.json'), 'utf8'))).toEqual({
    format: 'ferry-evidence/3',
    study: '1.2.3',
    version: 3,
    parts: [
      { manifest: 'm.m.1', receipt: 'r.r.r' },
      { manifest: 'm.m.2', receipt: null },
    ],
  })
  expect(await runCommand(agent.path, write)).toMatchObject({ exitCode: 1 })
})

test('a study that is not here is told by its UID', async () => {
  await using agent = await startFakeAgent()
  const { exitCode, err } = await runCommand(agent.path, ['study', '9.9'])
  expect([exitCode, err]).toEqual([
    1,
    expect.stringContaining('(STUDY_UNKNOWN)\n  no study here has the UID 9.9'),
  ])
})

test('retry passes the study on, or all', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['retry'])).out).toBe(
    'Instances that wait for the center: 7. The next attempt starts now.\n' +
      'Studies whose receipt is awaited: 2. The center is asked now.\n',
  )
  expect((await runCommand(agent.path, ['retry', '1.2.3', '--json'])).out).toBe(
    '{"schemaVersion":1,"retried":7,"studies":2}\n',
  )
  expect(agent.service.retries).toEqual([undefined, '1.2.3'])
})

test('an agent that does not run is exit code 10, with what to do; as JSON where JSON was asked for', async () => {
  using folder = tempFolder()
  await runCommand(folder.path, ['init'])
  const { exitCode, out, err } = await runCommand(folder.path, ['status'])
  expect([exitCode, out]).toEqual([10, ''])
  expect(err).toMatch(/^the agent is not running \(NOT_RUNNING\)\n.*\n→ start the service/)
  const asJson = await runCommand(folder.path, ['queue', '--json'])
  expect(JSON.parse(asJson.err)).toMatchObject({ schemaVersion: 1, error: { code: 'NOT_RUNNING' } })
})

test('a socket that a dead agent left behind is taken over', async () => {
  await using agent = await startFakeAgent()
  const dataFolder = join(agent.path, 'data')
  await using stack = new AsyncDisposableStack()
  stack.use(await startControlServer({ dataFolder, service: agent.service, log: silentLog }))
  expect(await runCommand(agent.path, ['status'])).toMatchObject({ exitCode: 0 })
})

test('only the service’s own user can open the control socket', async () => {
  await using agent = await startFakeAgent()
  expect(statSync(controlSocketPath(join(agent.path, 'data'))).mode & 0o777).toBe(0o600)
})

test('a service that fails is answered with its code, and the next request works', async () => {
  await using agent = await startFakeAgent()
  agent.service.status = () => {
    throw new TypeError('broken')
  }
  expect(await runCommand(agent.path, ['status'])).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('INTERNAL'),
  })
  agent.service.status = () => WELL
  expect(await runCommand(agent.path, ['status'])).toMatchObject({ exitCode: 0 })
})

test.each([
  [['queue', '--limit', '0'], 2],
  [['queu'], 2],
  [['status', '--no-such'], 2],
  [['echo', 'nonsense'], 2],
  [['send', 'A@h:1', '/no/such/file'], 1],
  [['join', 'nonsense'], 2],
  [['study', '--evidence', 'x'], 2],
  [['run', '--config', '/no/such/file'], 78],
  [['--help'], 0],
  [['--version'], 0],
])('ferry %j ends with exit code %d', async (args, exitCode) => {
  using folder = tempFolder()
  await runCommand(folder.path, ['init'])
  expect(await runCommand(folder.path, args)).toMatchObject({ exitCode })
})

test('init writes a configuration that loads, and never overwrites one', async () => {
  using folder = tempFolder()
  const init = [
    'init',
    '--ae-title',
    '0042',
    '--port',
    '104',
    '--device',
    'CT 一室=CT1@10.0.0.5',
    '--device',
    'MR1',
  ]
  expect(await runCommand(folder.path, init)).toMatchObject({ exitCode: 0 })
  expect(statSync(folder.join('data')).mode & 0o777).toBe(0o700)
  const check = await runCommand(folder.path, ['config', 'check', '--json'])
  expect(JSON.parse(check.out)).toMatchObject({ encoding: 'utf-8', problems: [] })
  const before = readFileSync(folder.join('ferry.yaml'), 'utf8')
  expect(await runCommand(folder.path, ['init'])).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('FILE_EXISTS'),
  })
  expect(readFileSync(folder.join('ferry.yaml'), 'utf8')).toBe(before)
})

test('init with a wrong value says so and leaves nothing behind', async () => {
  using folder = tempFolder()
  const init = ['init', '--ae-title', 'MUCH_TOO_LONG_FOR_AN_AE']
  expect(await runCommand(folder.path, init)).toMatchObject({
    exitCode: 78,
    err: expect.stringContaining('listener.aeTitles[0]: "MUCH_TOO_LONG_FOR_AN_AE" is not an AE title'),
  })
  expect(statSync(folder.join('ferry.yaml'), { throwIfNoEntry: false })).toBeUndefined()
})

test('config check prints every problem and ends with 78', async () => {
  using folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), 'listener: {prot: 1}\nsend: {uploads: 99}\n')
  const { exitCode, out } = await runCommand(folder.path, ['config', 'check'])
  expect(exitCode).toBe(78)
  expect(out.trim().split('\n')).toHaveLength(2)
})

test('the configuration is found by option, then environment, then in the folder', async () => {
  using folder = tempFolder()
  const checked = async (args: string[], environment: Record<string, string> = {}): Promise<string> =>
    JSON.parse((await runCommand(folder.path, ['config', 'check', '--json', ...args], { environment })).out)
      .config
  for (const name of ['ferry.yaml', 'env.yaml', 'option.yaml']) writeFileSync(folder.join(name), '')
  const environment = { FERRY_CONFIG: 'env.yaml' }
  expect(await checked(['--config', 'option.yaml'], environment)).toBe(folder.join('option.yaml'))
  expect(await checked([], environment)).toBe(folder.join('env.yaml'))
  expect(await checked([])).toBe(folder.join('ferry.yaml'))
})
