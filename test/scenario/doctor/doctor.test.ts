import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeTemplate } from '../../broken-things/pair.ts'
import { isMet } from '../../broken-things/play.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { AGENT_FAULTS } from './agent-faults.ts'
import { CENTER_FAULTS } from './center-faults.ts'
import { badCodes, diagnose, type PlantedFault } from './planted-fault.ts'

let template: Awaited<ReturnType<typeof makeTemplate>>
beforeAll(async () => {
  template = await makeTemplate()
}, 90_000)
afterAll(async () => {
  await template[Symbol.asyncDispose]()
})

/** Nothing runs in a copy, unless the fault needs it. */
const QUIET = new Set(['NOT_RUNNING', 'tcpRefused', 'serviceStopped'])

const isMissing = ({ needs }: PlantedFault): boolean => needs !== undefined && !isMet(needs)

const ROWS: readonly PlantedFault[] = [
  ...AGENT_FAULTS.map((row) => ({ ...row, program: 'ferry' as const })),
  ...CENTER_FAULTS.map((row) => ({ ...row, program: 'ferry-center' as const })),
]

async function expectDiagnosis({ program, plant, code, ...row }: PlantedFault): Promise<void> {
  const { cause, cure, besides = [] } = row
  using folder = tempFolder()
  await using pair = template.pair.copyTo(folder.join('pair'))
  const call = await plant(pair)
  for (const language of ['en', 'zh'] as const) {
    const diagnosis = await diagnose(pair, program, language, call)
    const codes = badCodes(diagnosis)
    expect([language, codes]).toEqual([language, expect.arrayContaining([code])])
    expect(codes.filter((one) => one !== code && !QUIET.has(one) && !besides.includes(one))).toEqual([])
    const found = diagnosis.findings.find((finding) => finding.code === code)
    expect(diagnosis.text).toMatch(cause[language])
    expect(found?.todo).toMatch(cure[language])
    expect(diagnosis.text).not.toMatch(/INTERNAL|--verbose/)
    expect(diagnosis.exitCode).toBe(13)
  }
}

describe.each(['ferry', 'ferry-center'] as const)(
  '%s doctor names cause and cure in both languages if',
  (program) => {
    for (const row of ROWS.filter((one) => one.program === program)) {
      const run = isMissing(row) ? test.skip : test
      const title = isMissing(row) ? `${row.fault} (needs ${row.needs})` : row.fault
      run(title, () => expectDiagnosis(row), 120_000)
    }
  },
)

test('doctor finds no fault in a healthy pair, in either language, and changes nothing', async () => {
  using folder = tempFolder()
  await using pair = template.pair.copyTo(folder.join('pair'))
  await pair.startBoth()
  await pair.sendStudy(3)
  await pair.confirmed(3)
  for (const program of ['ferry', 'ferry-center'] as const) {
    for (const language of ['en', 'zh'] as const) {
      const diagnosis = await diagnose(pair, program, language)
      expect([program, badCodes(diagnosis), diagnosis.exitCode]).toEqual([program, [], 0])
      expect(new Set(diagnosis.findings.map(({ check }) => check)).size).toBeGreaterThanOrEqual(
        program === 'ferry' ? 25 : 16,
      )
    }
  }
  // The agent was not disturbed.
  expect((await pair.run('ferry', ['status'])).exitCode).toBe(0)
}, 90_000)

test('doctor tells another user which user the service has, and calls nothing a fault that it cannot see', async () => {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  if (!isRoot || spawnSync('setpriv', ['--version']).status !== 0) return
  using folder = tempFolder()
  await using pair = template.pair.copyTo(folder.join('pair'))
  spawnSync('chmod', ['755', folder.path, pair.folder])
  await pair.startBoth()
  const wrapper = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
  const en = await diagnose(pair, 'ferry', 'en', { wrapper })
  expect(badCodes(en)).toEqual([])
  expect(en.text).toMatch(/the service uses root; this runs as nobody and sees less/)
  expect(en.text).toContain('sudo ferry doctor')
  const zh = await diagnose(pair, 'ferry', 'zh', { wrapper })
  expect(zh.text).toMatch(/服务用户为 root；本命令以 nobody 执行/)
}, 90_000)
