import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeTemplate, type Pair } from '../../broken-things/pair.ts'
import { until } from '../../support/clocks/until.ts'
import { dicomFile, writeTree, writeZip } from '../../support/instances/import-fixtures.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** FERRY_IMPORT=2000 for the size that hospitals mail. */
const INSTANCES = Number(process.env['FERRY_IMPORT'] ?? 300)
/** 150 MB or more in all. */
const INSTANCE_BYTES = INSTANCES > 1000 ? 100_000 : 500_000
const MIB = 1024 * 1024
const CLI_LIMIT_BYTES = 190 * MIB
const AGENT_GROWTH_BYTES = 120 * MIB

let template: Awaited<ReturnType<typeof makeTemplate>>
let folder: ReturnType<typeof tempFolder>
let pair: Pair
let agent: ChildProcess

beforeAll(async () => {
  template = await makeTemplate()
  folder = tempFolder()
  pair = template.pair.copyTo(folder.join('pair'))
  await pair.startCenter()
  agent = pair.start('agent', 'ferry', ['run'])
  await untilAgentAnswers()
}, 120_000)
afterAll(async () => {
  await pair[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
  await template[Symbol.asyncDispose]()
})

async function untilAgentAnswers(): Promise<void> {
  await until(
    async () => pair.json('ferry', 'status'),
    (status) => 'version' in status,
    60_000,
  )
}

/** The largest and the present memory of a process that runs. */
function memoryOf(pid: number): { peakBytes: number; bytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0)
  return { peakBytes: kib('VmHWM') * 1024, bytes: kib('VmRSS') * 1024 }
}

interface Account {
  counts: Record<string, number>
  isWhole: boolean
}

const safeOf = ({ counts: { taken = 0, odd = 0, known = 0 } }: Account): number => taken + odd + known

async function importJson(...paths: string[]): Promise<Account> {
  const said = await pair.run('ferry', ['import', ...paths, '--json'])
  return JSON.parse(said.out) as Account
}

test('an import that is killed goes on with the next one, in flat memory, and all of it reaches the receipt', async () => {
  mkdirSync(folder.join('mail'))
  const zip = folder.join('mail', 'scans.zip')
  // One instance after the other: the test itself holds none.
  const entries = Iterator.from(Array.from({ length: INSTANCES }, (_, i) => i)).map(
    (i) => [`CT/${i}.dcm`, dicomFile(INSTANCE_BYTES).file] as const,
  )
  await writeZip(zip, entries, { compress: true })
  const agentPid = agent.pid ?? 0
  const before = memoryOf(agentPid).bytes

  const killed = pair.start('import', 'ferry', ['import', zip, '--json'])
  await pair.untilQueued(INSTANCES / 10)
  const ended = once(killed, 'exit')
  await pair.stop('import', 'SIGKILL')
  await ended

  const second = pair.start('import', 'ferry', ['import', zip, '--json'])
  let peakBytes = 0
  await until(
    () => {
      if (second.exitCode === null) peakBytes = Math.max(peakBytes, memoryOf(second.pid ?? 0).peakBytes)
      return second.exitCode
    },
    (code) => code !== null,
    600_000,
  )
  const account = JSON.parse(pair.said('import')) as Account
  expect([second.exitCode, account.isWhole, safeOf(account)]).toEqual([0, true, INSTANCES])
  expect(account.counts['known']).toBeGreaterThanOrEqual(INSTANCES / 10)
  const growth = memoryOf(agentPid).bytes - before
  console.log(
    `${INSTANCES} instances: command ${Math.round(peakBytes / MIB)} MiB at most, agent grew by ${Math.round(growth / MIB)} MiB`,
  )
  expect(peakBytes).toBeLessThan(CLI_LIMIT_BYTES)
  expect(growth).toBeLessThan(AGENT_GROWTH_BYTES)
  await pair.confirmed(INSTANCES)
  expect((await importJson(zip)).counts).toMatchObject({ known: INSTANCES, odd: 0, taken: 0 })
}, 900_000)

test('nothing of an imported instance is in clear in the data folder', async () => {
  const { file, dataSet } = dicomFile(50_000)
  writeTree(folder.path, { 'folder/1.dcm': file })
  expect(safeOf(await importJson(folder.join('folder')))).toBe(1)
  const kept = globSync(pair.path('data/**')).filter((path) => statSync(path).isFile())
  expect(kept.length).toBeGreaterThan(2)
  const inClear = [dataSet.subarray(-1000), Buffer.from('INVENTED^PATIENT')]
  expect(kept.filter((path) => inClear.some((bytes) => readFileSync(path).includes(bytes)))).toEqual([])
}, 60_000)

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const OTHER = 65_534

;(isRoot ? describe : describe.skip)(isRoot ? 'an import by root' : 'an import by root (needs root)', () => {
  test('takes files that the user of the agent may not read', async () => {
    await pair.stop('agent')
    for (const path of [folder.path, pair.folder]) chmodSync(path, 0o755)
    for (const path of [pair.path('data'), ...globSync(pair.path('data/**'))]) chownSync(path, OTHER, OTHER)
    chmodSync(pair.path('ferry.yaml'), 0o644)
    const wrapper = ['setpriv', '--reuid', `${OTHER}`, '--regid', `${OTHER}`, '--clear-groups']
    agent = pair.start('agent', 'ferry', ['run'], { wrapper })
    await untilAgentAnswers()
    writeTree(folder.path, { 'private/1.dcm': dicomFile().file })
    chmodSync(folder.join('private'), 0o700)
    const [asRoot, asAgent] = [['import', folder.join('private'), '--json'], { wrapper }] as const
    // The control: the agent's own user cannot read them.
    expect((await pair.run('ferry', asRoot, asAgent)).text).toContain('EACCES')
    expect(safeOf(await importJson(folder.join('private')))).toBe(1)
    expect(globSync(pair.path('data/**')).filter((path) => statSync(path).uid !== OTHER)).toEqual([])
  }, 120_000)
})
