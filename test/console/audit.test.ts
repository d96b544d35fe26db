import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { AUDIT_ACTIONS } from '../../src/audit/audit-event.ts'
import { auditFiles, auditFolder } from '../../src/audit/audit-files.ts'
import { CHINESE } from '../../src/console/language/zh/phrases-zh.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../src/console/program/ferry-program.ts'
import { schemaObjections } from '../support/audit/schema-objections.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { missingPrograms } from '../support/media/missing-programs.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'

interface Listed {
  readonly sequence: number
  readonly action: string
  readonly user: string
  readonly objects: readonly string[]
  readonly destination: string | null
  readonly reason: string | null
  readonly failure: string | null
  readonly message: string
}

const of = (lines: readonly Listed[], action: string): Listed[] =>
  lines.filter((line) => line.action === action)

const hasSchema = missingPrograms(['xmllint']).length === 0

test('a pair records actions and transfers, for both sides to list, check and export, and a cut is found', async () => {
  await using pacs = await FakePacs.start()
  await using clinic = await openClinic({ pacs: pacs.options, settings: { displayNames: 'local-key' } })
  const { folder } = clinic
  writeFileSync(join(folder, 'ferry.yaml'), 'dataFolder: agent\ndisplayNames: local-key\n')
  const center = `name: Center\npublicUrl: https://127.0.0.1:${clinic.center.port}\ndataFolder: center\n`
  writeFileSync(join(folder, 'center.yaml'), center)
  const environment = { FERRY_LANG: 'en', SUDO_USER: '王工' }
  const ferry = (...args: string[]) => runCommand(folder, args, { environment })
  const ferryCenter = (...args: string[]) =>
    runCommand(folder, args, { program: ferryCenterProgram, environment })

  const instance = inventedInstance(1000)
  await sendInstances(clinic.agent.port, [instance])
  await allSettled(clinic)
  const { studyInstanceUid } = instance
  const looked = await ferry('study', studyInstanceUid, '--show-names', '--reason', 'a call of the ward')
  expect([looked.exitCode, looked.out]).toEqual([0, expect.stringContaining('INVENTED')])
  await ferry('devices', 'ignore', 'NOBODY')
  await ferry('retry')
  expect((await ferry('quarantine', 'release', '01ARZ3NDEKTSV4RRFFQ69G5FAV')).exitCode).toBe(1)
  await ferryCenter('invite', 'North Street')
  await ferryCenter('keys', 'rotate', 'receipt')
  await ferryCenter('silence', 'PACS_UNREACHABLE', '--until', '2h')
  await ferryCenter('account', 'add', '李工', '--role', 'viewer')

  const listed = async (run: typeof ferry): Promise<Listed[]> => {
    const { out } = await run('audit', 'list', '--json')
    return (JSON.parse(out) as { lines: Listed[] }).lines
  }
  const atAgent = await until(
    () => listed(ferry),
    (lines) => lines.some(({ action }) => action === 'studyConfirmed'),
  )
  expect(of(atAgent, 'studyDelivered')).toMatchObject([
    { user: 'ferry', objects: [studyInstanceUid], destination: 'Test center', failure: null },
  ])
  expect(of(atAgent, 'studyConfirmed')).toHaveLength(1)
  expect(of(atAgent, 'namesShown')).toMatchObject([
    { user: '王工', objects: [studyInstanceUid], reason: 'a call of the ward' },
  ])
  expect(of(atAgent, 'started')).toHaveLength(1)
  const atCenter = await until(
    () => listed(ferryCenter),
    (lines) => ['studyReceived', 'studyHandedOn'].every((wanted) => of(lines, wanted).length > 0),
  )
  expect(of(atCenter, 'studyHandedOn')).toMatchObject([
    { objects: [studyInstanceUid], destination: 'PACS', failure: null },
  ])
  expect(of(atCenter, 'studyReceived')).toMatchObject([{ user: 'Test clinic', objects: [studyInstanceUid] }])
  expect(of(atCenter, 'agentInvited').at(-1)).toMatchObject({ user: '王工', objects: ['North Street'] })
  expect(of(atCenter, 'silenced')).toMatchObject([{ user: '王工', objects: ['PACS_UNREACHABLE'] }])
  expect(of(atCenter, 'accountAdded')).toMatchObject([{ user: '王工', objects: ['李工'] }])
  expect(of(atCenter, 'keysChanged')).toMatchObject([{ user: '王工', objects: ['rotate receipt'] }])

  for (const [run, name, lines] of [
    [ferry, 'agent.xml', atAgent],
    [ferryCenter, 'center.xml', atCenter],
  ] as const) {
    expect(await run('audit', 'verify')).toMatchObject({ exitCode: 0, out: expect.stringContaining('whole') })
    expect((await run('audit', 'export', '--to', name)).exitCode).toBe(0)
    const messages = readFileSync(join(folder, name), 'utf8').trim().split('\n')
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    // The export is in itself.
    expect(messages.length).toBeGreaterThan(lines.length)
    expect(messages.join('\n')).not.toContain('INVENTED')
    const objections = hasSchema ? messages.map(schemaObjections) : []
    expect(objections.filter((objection) => objection !== '')).toEqual([])
  }

  const place = auditFolder(join(folder, 'agent'))
  const file = join(place, auditFiles(place).at(-1) ?? '')
  const whole = readFileSync(file, 'utf8')
  writeFileSync(file, whole.split('\n').slice(0, -3).join('\n').concat('\n'))
  const cut = await ferry('audit', 'verify', '--json')
  expect([cut.exitCode, JSON.parse(cut.out)]).toEqual([
    13,
    expect.objectContaining({ isWhole: false, broken: expect.objectContaining({ fault: 'cut' }) }),
  ])
  const words = await runCommand(folder, ['audit', 'verify', '--lang', 'zh'], { program: ferryProgram })
  expect(words.out).toMatch(/审计记录在第 \d+ 行被破坏/)
}, 60_000)

test('every action has its words in both languages', () => {
  for (const action of Object.keys(AUDIT_ACTIONS) as (keyof typeof AUDIT_ACTIONS)[])
    expect(CHINESE[`audit.action.${action}`]).toMatch(/\p{Script=Han}/u)
})
