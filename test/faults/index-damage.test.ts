import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  globSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import BetterSqlite3 from 'better-sqlite3'
import { startAgent } from '../../src/agent/agent.ts'
import type { AgentService } from '../../src/agent/control/agent-service.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { spooledIn, wipe } from '../support/instances/spooled.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

type Instance = ReturnType<typeof inventedInstance>

const indexOf = ({ settings }: Clinic): string => join(settings.dataFolder, 'queue.sqlite')

function removeIndex(index: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(index + end, { force: true })
}

/** Puts back a backup of yesterday. */
function restoreIndex(index: string): void {
  removeIndex(index)
  copyFileSync(`${index}.yesterday`, index)
}

function overwritePages(index: string): void {
  const bytes = readFileSync(index)
  for (let page = 4; page < bytes.length / 4096; page += 5) randomBytes(4096).copy(bytes, page * 4096)
  writeFileSync(index, bytes)
}

/** The machine's clock, a day later: what arrived before lies well behind. */
const tomorrow: Clock = { ...systemClock, now: () => Date.now() + 86_400_000 }

/** Instances and conflicts in the center's register, and the spool files that have travelled to it. */
function countAtCenter({ folder }: Clinic): { instances: number; conflicts: number; travelled: number } {
  using open = new DisposableStack()
  const register = open.adopt(
    new BetterSqlite3(join(folder, 'center', 'register.sqlite'), { readonly: true }),
    (database) => database.close(),
  )
  const answers = register.prepare('SELECT answer FROM packs').pluck().all() as string[]
  const counts = register
    .prepare("SELECT count(*) AS instances, sum(hold IS 'conflict') AS conflicts FROM instances")
    .get() as { instances: number; conflicts: number }
  const travelled = answers.flatMap((answer) => (JSON.parse(answer) as { members: unknown[] }).members).length
  return { ...counts, travelled }
}

const settledAt = (service: AgentService) =>
  until(
    () => service.status().deliveries,
    ({ queued, sending, delivered }) => queued + sending + delivered === 0,
  )

/** The center's signed word on a study, as the agent holds it. */
const hasReceipt = (service: AgentService, { studyInstanceUid }: Instance): boolean => {
  const { version = 0 } = service.study(studyInstanceUid)?.evidence ?? {}
  return typeof service.evidence(studyInstanceUid, version, 1)?.receipt === 'string'
}

test.each<[string, (index: string) => void, RegExp]>([
  ['deleted', removeIndex, /^it was gone; 12 instances/],
  [
    'overwritten here and there',
    overwritePages,
    /^it was damaged and lies in .*\.damaged-.* now; 12 instances/,
  ],
  [
    'cut off',
    (index) => truncateSync(index, Math.floor(statSync(index).size / 3)),
    /^it was damaged and lies in .*; 12 inst/,
  ],
  [
    'restored from yesterday',
    restoreIndex,
    /^its newest rows are missing: .*, or an older copy was put back; 6 instances/,
  ],
])(
  'an index that was %s is rebuilt: nothing is lost, nothing travels or is stored twice',
  async (_, damage, words) => {
    await using clinic = await openClinic()
    const index = indexOf(clinic)
    const late = { studyInstanceUid: newUid() }
    const uid = { sopInstanceUid: newUid(), ...late }
    // Yesterday: a study of two, and one that holds two versions of an instance.
    const old = [
      inventedInstance(3000),
      inventedInstance(3000),
      inventedInstance(3000, uid),
      inventedInstance(3001, uid),
    ]
    await sendInstances(clinic.agent.port, [...old, ...old.slice(0, 1)])
    expect(await allSettled(clinic)).toMatchObject({ confirmed: 4 })
    await clinic.stopCenter()
    const waiting = [inventedInstance(3000), inventedInstance(3000, late)]
    await sendInstances(clinic.agent.port, waiting)
    await clinic.stopAgent()
    copyFileSync(index, `${index}.yesterday`)
    // Since: what waited went, more came and went, and some came that has not gone.
    await clinic.startCenter()
    await clinic.startAgent()
    const since = [inventedInstance(3000), inventedInstance(3000, late), inventedInstance(3000)]
    await sendInstances(clinic.agent.port, since)
    expect(await allSettled(clinic)).toMatchObject({ confirmed: 9 })
    const before = countAtCenter(clinic)
    await clinic.stopCenter()
    const unsent = [inventedInstance(3000), inventedInstance(3000, late), inventedInstance(3000, late)]
    await sendInstances(clinic.agent.port, unsent)
    await clinic.stopAgent()

    damage(index)
    await using agent = await startAgent(clinic.settings, { clock: tomorrow, log: silentLog })

    const { alarms, deliveries } = agent.service.status()
    expect(alarms).toMatchObject([
      { code: 'INDEX_REBUILT', subject: 'index', message: expect.stringMatching(words) },
    ])
    const { queued, sending, delivered, held, confirmed } = deliveries
    expect([queued + sending + held, delivered + confirmed]).toEqual([0, 12])
    await clinic.startCenter()
    const all = [...old, ...waiting, ...since, ...unsent]
    expect(await settledAt(agent.service)).toMatchObject({ confirmed: 12, held: 0 })
    expect(countAtCenter(clinic)).toEqual({
      instances: 12,
      conflicts: 1,
      travelled: before.travelled + unsent.length,
    })
    const stored = storedAtCenter(join(clinic.folder, 'center')).map(({ dataSetSha256 }) => dataSetSha256)
    expect(stored.toSorted()).toEqual(all.map(({ dataSet }) => sha256(dataSet)).toSorted())
    expect(all.filter((instance) => !hasReceipt(agent.service, instance))).toEqual([])
    expect(agent.service.study(late.studyInstanceUid)?.study).toMatchObject({ conflicts: 1, instances: 6 })

    const again = inventedInstance(3000, late)
    await sendInstances(agent.port, [again, ...old])
    expect(await settledAt(agent.service)).toMatchObject({ confirmed: 13, held: 0 })
    agent.service.retry()
    expect(agent.service.status().alarms).toEqual([])
    const aside = globSync(`${index}.damaged-*`)
    expect(aside.map((path) => existsSync(path))).toEqual(words.source.includes('damaged') ? [true] : [])
  },
  120_000,
)

test('control: where a spool file is lost together with the index, the account does not balance', async () => {
  await using clinic = await openClinic()
  await clinic.stopCenter()
  const sent = [inventedInstance(3000), inventedInstance(3000)]
  await sendInstances(clinic.agent.port, sent)
  await clinic.stopAgent()
  removeIndex(indexOf(clinic))
  const [first] = spooledIn(join(clinic.settings.dataFolder, 'spool'))
  if (first !== undefined) wipe(first)
  await clinic.startCenter()
  await clinic.startAgent()
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1 })
  expect(countAtCenter(clinic)).toMatchObject({ instances: sent.length - 1 })
}, 120_000)
