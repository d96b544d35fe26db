import { cpSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { joinCenter } from '../../src/agent/send/join-center.ts'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { speak } from '../../src/console/language/language.ts'
import { assessHealth } from '../../src/console/views/health.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { AgentStatus } from '../../src/protocol/control-api.ts'
import { parseJoinCode } from '../../src/protocol/join-code.ts'
import { backUp, restoreUnder } from '../support/centers/put-register-back.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../support/clocks/pass-time.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { spooledIn } from '../support/instances/spooled.ts'
import type { FaultProxy } from '../support/lines/fault-proxy.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { type BadLine, KIB, NONE, openBadLine } from './support/bad-line.ts'

const DAY_MS = 86_400_000
/** For waits of minutes; far less than any line is given. */
const STEP_MS = 1000
const SETTINGS = { retention: { confirmedMs: DAY_MS, atLeastMs: DAY_MS } }

/** A clinic of which the center can be put back to an earlier day. */
class Story implements AsyncDisposable {
  readonly clock: ManualClock
  readonly bad: BadLine<FaultProxy>
  readonly #centerFolder: string
  readonly #backup: string

  private constructor(bad: BadLine<FaultProxy>, clock: ManualClock) {
    this.bad = bad
    this.clock = clock
    this.#centerFolder = join(bad.clinic.folder, 'center')
    this.#backup = join(bad.clinic.folder, 'backup')
  }

  static async begin(settings: Partial<AgentSettings> = SETTINGS): Promise<Story> {
    const clock = new ManualClock(Date.now())
    return new Story(await openBadLine({ clock, settings }), clock)
  }

  status(): AgentStatus {
    return this.bad.clinic.agent.service.status()
  }

  alarms(): string[] {
    return this.status().alarms.map(({ code, message }) => `${code} ${message}`)
  }

  /** Sends instances of a study and waits until the center has receipted them. */
  async confirm(study: string, count = 1): Promise<RawInstance[]> {
    const { confirmed } = this.status().deliveries
    const instances = Array.from({ length: count }, () => inventedInstance(KIB, { studyInstanceUid: study }))
    await sendInstances(this.bad.clinic.agent.port, instances)
    await passTimeUntil(
      this.clock,
      () => this.status(),
      ({ deliveries, studies }) =>
        deliveries.confirmed === confirmed + count && studies.open + studies.closed === 0,
    )
    return instances
  }

  /** The agent does not hear of the center for this time. */
  async goAway(ms: number): Promise<void> {
    const { line } = this.bad
    line.isRefusing = true
    line.cut()
    await passTimeUntil(
      this.clock,
      () => this.status().center.trouble,
      (trouble) => trouble !== null,
      60_000,
    )
    this.clock.advance(ms)
  }

  comeBack(): void {
    this.bad.line.isRefusing = false
  }

  async backUp(): Promise<void> {
    await this.bad.clinic.stopCenter()
    cpSync(this.#centerFolder, this.#backup, { recursive: true })
    await this.bad.clinic.startCenter()
  }

  /** Puts the backup in the center's place; without one, the center's keys are all that is left. */
  async restore(from: 'backup' | 'keys'): Promise<void> {
    await this.bad.clinic.stopCenter()
    const names = ['register.sqlite', 'register.sqlite-wal', 'register.sqlite-shm', 'instances', 'packs']
    for (const name of names) rmSync(join(this.#centerFolder, name), { recursive: true, force: true })
    if (from === 'backup') cpSync(this.#backup, this.#centerFolder, { recursive: true })
    await this.bad.clinic.startCenter()
  }

  /** Copies the register of the running center; returns what puts it back under it, with the instances of that time. */
  async copyUnderRunning(): Promise<() => Promise<void>> {
    const register = join(this.#centerFolder, 'register.sqlite')
    const copy = join(this.bad.clinic.folder, `register-${newUid()}.copy`)
    const instances = (): string[] => globSync(join(this.#centerFolder, 'instances/**/*.dcm'))
    await backUp(register, copy)
    const before = new Set(instances())
    return async () => {
      // First the files: what the center stores after the register went back is not lost.
      for (const file of instances()) if (!before.has(file)) rmSync(file)
      await restoreUnder(register, copy)
    }
  }

  async waitForAlarm(pattern: RegExp): Promise<void> {
    await passTimeUntil(
      this.clock,
      () => this.alarms(),
      (alarms) => alarms.some((alarm) => pattern.test(alarm)),
      STEP_MS,
    )
  }

  async waitForPeace(): Promise<void> {
    await passTimeUntil(
      this.clock,
      () => this.alarms(),
      (alarms) => alarms.length === 0,
      STEP_MS,
    )
  }

  /** Those of these instances whose data set is not among what the center has stored, byte for byte. */
  missing(instances: readonly RawInstance[]): RawInstance[] {
    const stored = new Set(storedAtCenter(this.#centerFolder).map(({ dataSetSha256 }) => dataSetSha256))
    return instances.filter(({ dataSet }) => !stored.has(sha256(dataSet)))
  }

  /** Sends an instance of a study, and waits for nothing. */
  async send(study: string): Promise<RawInstance[]> {
    const instances = [inventedInstance(KIB, { studyInstanceUid: study })]
    await sendInstances(this.bad.clinic.agent.port, instances)
    return instances
  }

  /** Instances whose bytes are still in the spool. */
  kept(): number {
    return spooledIn(join(this.bad.clinic.settings.dataFolder, 'spool')).length
  }

  /** How many instances the center has asked for again, and how many files were removed here. */
  counts(): { askedAgain: number; removed: number } {
    const { log } = this.bad
    const sum = (message: string, field: string): number =>
      log.lines.reduce((n, line) => n + (line.message === message ? Number(line.fields[field]) : 0), 0)
    return {
      askedAgain: sum('center asks again', 'instances'),
      removed: sum('confirmed instances removed after retention', 'removed'),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bad[Symbol.asyncDispose]()
  }
}

test('a center restored from an old backup is found out, gets what it lost again, and nothing is removed before', async () => {
  await using story = await Story.begin()
  const [growing, untouched] = [newUid(), newUid()]
  const before = [...(await story.confirm(growing, 2)), ...(await story.confirm(untouched))]
  await story.backUp()
  const after = [
    ...(await story.confirm(growing, 2)),
    ...(await story.confirm(newUid(), 3)),
    ...(await story.confirm(newUid())),
  ]
  // Meanwhile every copy has become old enough to be removed.
  await story.goAway(2 * DAY_MS)
  await story.restore('backup')
  expect(story.missing([...before, ...after])).toHaveLength(after.length)
  story.comeBack()

  await story.waitForAlarm(/^CENTER_BEHIND the center has lost 3 studies .*; sending again$/)
  expect(story.counts().removed).toBe(0)
  await story.waitForPeace()
  expect(story.missing([...before, ...after])).toEqual([])
  expect(story.status().deliveries).toEqual({ ...NONE, confirmed: before.length + after.length })
  expect(story.counts().askedAgain).toBe(after.length)

  // The retention time counts again from the new receipts; for instances that were not lost it has long passed.
  await passTimeUntil(
    story.clock,
    () => story.counts().removed,
    (removed) => removed > 0,
    STEP_MS,
  )
  expect(story.counts().removed).toBe(before.length)
}, 120_000)

const RETENTION_MS = 20_000

test.each([
  ['', 0],
  [', and has given fewer receipts since', 1],
  [', and has given more receipts since than it had before', 6],
])(
  'a register that is put back under the running center is found out%s: the last copies are kept and sent again',
  async (_, since) => {
    await using story = await Story.begin({
      retention: { confirmedMs: RETENTION_MS, atLeastMs: RETENTION_MS },
    })
    const before = await story.confirm(newUid(), 2)
    const putBack = await story.copyUnderRunning()
    const lost = [...(await story.confirm(newUid(), 3)), ...(await story.confirm(newUid()))]
    const { removed } = story.counts()

    await putBack()
    expect(story.missing(lost)).toHaveLength(lost.length)
    const after: RawInstance[] = []
    for (let n = 0; n < since; n++) after.push(...(await story.send(newUid())))

    await story.waitForAlarm(/^CENTER_BEHIND the center has lost 2 studies .*; sending again$/)
    expect(story.counts().removed).toBe(removed)
    expect(story.kept()).toBe(before.length + lost.length + after.length - removed)
    await story.waitForPeace()
    await passTimeUntil(
      story.clock,
      () => story.kept(),
      (kept) => kept === 0,
      STEP_MS,
    )
    expect(story.missing([...before, ...lost, ...after])).toHaveLength(0)
  },
  120_000,
)

test('a register that is put back a second time, when it has just got back what it lost the first time, loses nothing', async () => {
  await using story = await Story.begin({ retention: { confirmedMs: 600_000, atLeastMs: 600_000 } })
  const before = await story.confirm(newUid())
  const putBack = await story.copyUnderRunning()
  const lost = await story.confirm(newUid(), 3)
  await putBack()
  await story.waitForAlarm(/^CENTER_BEHIND the center has lost 1 study /)
  const between = await story.send(newUid())
  const all = [...before, ...lost, ...between]
  // With nothing under way, so that files and register go back together.
  await passTimeUntil(
    story.clock,
    () => story.status().deliveries.confirmed,
    (confirmed) => confirmed === all.length,
    STEP_MS,
  )
  expect(story.kept()).toBe(all.length)
  await putBack()
  await passTimeUntil(
    story.clock,
    () => story.kept(),
    (kept) => kept === 0,
    STEP_MS,
  )
  expect(story.missing(all)).toHaveLength(0)
  expect(story.alarms()).toEqual([])
}, 120_000)

test('a center that was only started again is sent nothing twice, and what is old is removed: the test above can fail', async () => {
  await using story = await Story.begin()
  const instances = [...(await story.confirm(newUid(), 2)), ...(await story.confirm(newUid()))]
  await story.goAway(2 * DAY_MS)
  await story.bad.clinic.stopCenter()
  await story.bad.clinic.startCenter()
  story.comeBack()
  await passTimeUntil(
    story.clock,
    () => story.counts().removed,
    (removed) => removed === instances.length,
    STEP_MS,
  )
  expect(story.counts()).toEqual({ askedAgain: 0, removed: instances.length })
  expect(story.alarms()).toEqual([])
}, 120_000)

test('a study that the center lost and that is no longer kept here is named, until a device sends it again', async () => {
  await using story = await Story.begin()
  await story.confirm(newUid())
  await story.backUp()
  const gone = newUid()
  const instances = await story.confirm(gone, 2)
  story.clock.advance(2 * DAY_MS)
  await passTimeUntil(
    story.clock,
    () => story.counts().removed,
    (removed) => removed === 3,
    STEP_MS,
  )
  const kept = await story.confirm(newUid())
  await story.restore('backup')

  await story.waitForAlarm(/^CENTER_LOST 2 that the center has lost .* of 1 studies: /)
  expect(story.alarms().join()).toContain(gone)
  await passTimeUntil(
    story.clock,
    () => story.alarms(),
    (alarms) => !alarms.join().includes('CENTER_BEHIND'),
  )
  expect(story.missing(kept)).toEqual([])
  expect(story.status().deliveries).toMatchObject({ held: 2, confirmed: 2 })

  await sendInstances(story.bad.clinic.agent.port, instances)
  await story.waitForPeace()
  await passTimeUntil(
    story.clock,
    () => story.status().deliveries.confirmed,
    (confirmed) => confirmed === 4,
  )
  expect(story.missing(instances)).toEqual([])
}, 120_000)

test('a center that has forgotten the agent itself keeps it waiting, in clear words, until it is let in again', async () => {
  await using story = await Story.begin()
  const instances = [...(await story.confirm(newUid(), 2)), ...(await story.confirm(newUid()))]
  await story.goAway(2 * DAY_MS)
  await story.restore('keys')
  story.comeBack()
  await passTimeUntil(
    story.clock,
    () => story.status().center.trouble?.reasonCode,
    (code) => code === 'AGENT_UNKNOWN',
  )
  expect(assessHealth(story.status(), speak('en'), 'en')).toContainEqual(
    expect.objectContaining({
      severity: 'act',
      what: expect.stringMatching(/the center does not know this agent/),
      todo: expect.stringContaining('ferry join'),
    }),
  )
  expect(story.counts().removed).toBe(0)

  await rejoin(story)
  await passTimeUntil(
    story.clock,
    () => story.status().center.trouble,
    (trouble) => trouble === null,
  )
  await story.waitForAlarm(/lost 2 studies/)
  await story.waitForPeace()
  expect(story.missing(instances)).toEqual([])
  expect(story.status().deliveries).toEqual({ ...NONE, confirmed: 3 })
}, 120_000)

/** Does the work of the operators of both sides; the agent runs on meanwhile. */
async function rejoin({ bad: { clinic, line }, clock }: Story): Promise<void> {
  const publicUrl = `https://127.0.0.1:${line.port}`
  using desk = await OperatorDesk.open({ folder: join(clinic.folder, 'center'), publicUrl, clock })
  const { joinCode } = await desk.invite('Test clinic', 3_600_000)
  const approvals: Promise<unknown>[] = []
  await joinCenter({
    dataFolder: clinic.settings.dataFolder,
    code: parseJoinCode(joinCode),
    name: 'Test clinic',
    clock: systemClock,
    onPending: (fingerprint) => approvals.push(desk.approve(fingerprint)),
  })
  await Promise.all(approvals)
}
