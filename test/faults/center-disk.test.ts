import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import type { LostRow } from '../../src/center/register/store-register.ts'
import type { AgentStatus } from '../../src/protocol/control-api.ts'
import { flipByte } from '../support/centers/store-clinic.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../support/clocks/pass-time.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { type Clinic, openClinic } from '../support/programs/clinic.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { KIB, NONE } from './support/bad-line.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

const DAY_MS = 86_400_000
const STEP_MS = 1000
const STUDIES = 6
const OF_STUDY = 50

/** A clinic whose center has a disk that can lose things. */
class Story implements AsyncDisposable {
  readonly clock: ManualClock
  readonly clinic: Clinic
  readonly log: RecordingLog

  private constructor(clinic: Clinic, clock: ManualClock, log: RecordingLog) {
    this.clinic = clinic
    this.clock = clock
    this.log = log
  }

  static async begin(): Promise<Story> {
    const [clock, log] = [new ManualClock(Date.now()), new RecordingLog()]
    return new Story(
      await openClinic({
        clock,
        log,
        settings: { retention: { confirmedMs: 7 * DAY_MS, atLeastMs: 7 * DAY_MS } },
      }),
      clock,
      log,
    )
  }

  get store(): string {
    return join(this.clinic.folder, 'center/instances')
  }

  status(): AgentStatus {
    return this.clinic.agent.service.status()
  }

  alarms(): string[] {
    return this.status().alarms.map(({ code, message }) => `${code} ${message}`)
  }

  /** Sends instances of new studies and waits until the center has receipted all of them. */
  async confirm(studies: number, ofStudy: number): Promise<RawInstance[]> {
    const { confirmed } = this.status().deliveries
    const uids = Array.from({ length: studies }, () => newUid())
    const instances = uids.flatMap((studyInstanceUid) =>
      Array.from({ length: ofStudy }, () => inventedInstance(KIB, { studyInstanceUid })),
    )
    await sendInstances(this.clinic.agent.port, instances)
    await this.pass(
      () => this.status(),
      (status) => status.deliveries.confirmed === confirmed + instances.length && isSettled(status),
    )
    return instances
  }

  pass<Value>(look: () => Value, isDone: (value: Value) => boolean): Promise<Value> {
    return passTimeUntil(this.clock, look, isDone, STEP_MS, 60_000)
  }

  /** The file in which the center stored an instance. */
  path({ sopInstanceUid }: RawInstance): string {
    const found = storedAtCenter(dirname(this.store)).find(
      (stored) => stored.sopInstanceUid === sopInstanceUid,
    )
    if (found === undefined) throw new Error(`${sopInstanceUid} is not stored`)
    return found.path
  }

  /** Those of these instances whose data set is not among what the center has stored, byte for byte. */
  missing(instances: readonly RawInstance[]): RawInstance[] {
    const stored = new Set(storedAtCenter(dirname(this.store)).map(({ dataSetSha256 }) => dataSetSha256))
    return instances.filter(({ dataSet }) => !stored.has(sha256(dataSet)))
  }

  async desk<Result>(look: (desk: OperatorDesk) => Promise<Result>): Promise<Result> {
    const folder = join(this.clinic.folder, 'center')
    using desk = await OperatorDesk.open({ folder, publicUrl: 'https://127.0.0.1', clock: this.clock })
    return await look(desk)
  }

  lost(): Promise<LostRow[]> {
    return this.desk((desk) => desk.lost(1000))
  }

  /** The center looks at every file and reads every file, some time after this. */
  async aDayPasses(): Promise<void> {
    const seen = this.count('stored instances looked for', 'stored instances read through')
    this.clock.advance(DAY_MS)
    await this.pass(
      () => this.count('stored instances looked for', 'stored instances read through'),
      (count) => count >= seen + 2,
    )
  }

  count(...messages: string[]): number {
    return this.log.lines.filter(({ message }) => messages.includes(message)).length
  }

  sum(message: string, field: string): number {
    return this.log.lines.reduce(
      (n, line) => n + (line.message === message ? Number(line.fields[field]) : 0),
      0,
    )
  }

  async atPeace(confirmed: number): Promise<void> {
    await this.pass(
      () => this.status(),
      (status) =>
        status.alarms.length === 0 && status.deliveries.confirmed === confirmed && isSettled(status),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clinic[Symbol.asyncDispose]()
  }
}

const isSettled = ({ studies }: AgentStatus): boolean => studies.open + studies.closed === 0

test('the agent brings all damaged ones of 300 stored instances again (20 deleted, 20 cut off, 3 changed), and nothing is lost', async () => {
  await using story = await Story.begin()
  const instances = await story.confirm(STUDIES, OF_STUDY)
  const [deleted, cut, changed] = [
    instances.slice(10, 30),
    instances.slice(120, 140),
    instances.slice(240, 243),
  ]
  const damaged = [...cut, ...changed].map((instance) => story.path(instance))
  for (const instance of deleted) rmSync(story.path(instance))
  for (const instance of cut) truncateSync(story.path(instance), 300)
  for (const instance of changed) flipByte(story.path(instance))
  const contents = damaged.map((path) => readFileSync(path))
  expect(story.missing(instances)).toHaveLength(43)

  await story.aDayPasses()
  await story.pass(
    () => story.missing(instances).length,
    (missing) => missing === 0,
  )
  await story.atPeace(instances.length)

  expect(await story.lost()).toEqual([])
  expect(story.sum('stored instances are lost: the agents are asked for them', 'instances')).toBe(43)
  expect(story.sum('center asks again', 'instances')).toBe(43)
  expect(story.sum('center asks again', 'lost')).toBe(0)
  // Damaged files are still there as they were.
  expect(damaged.map((path, i) => readFileSync(path).equals(contents[i] ?? Buffer.alloc(0)))).not.toContain(
    false,
  )
}, 180_000)

test('an instance that the center loses between its last look and the end of the retention time is not removed at the clinic', async () => {
  await using story = await Story.begin()
  const instances = await story.confirm(1, 5)
  const [first] = instances as [RawInstance]
  for (let day = 0; day < 6; day++) await story.aDayPasses()
  story.clock.advance(DAY_MS - 60 * STEP_MS)
  rmSync(story.path(first))
  await story.pass(
    () => story.sum('confirmed instances removed after retention', 'removed'),
    (removed) => removed === 4,
  )
  await story.pass(
    () => story.missing(instances).length,
    (missing) => missing === 0,
  )
  await story.atPeace(instances.length)
  expect(story.sum('center asks again', 'lost')).toBe(0)
}, 120_000)

test('a device that sends a deleted instance again, and a restart of the center, leave nothing lost', async () => {
  await using story = await Story.begin()
  const instances = await story.confirm(1, 3)
  const [first] = instances
  if (first === undefined) throw new Error('none')
  rmSync(story.path(first))
  // The agent has it, so the device is told that it is safe; and the center finds out at its next start.
  expect(await sendInstances(story.clinic.agent.port, [first])).toMatchObject([{ status: 0 }])
  await story.clinic.stopCenter()
  await story.clinic.startCenter()
  await story.pass(
    () => story.missing(instances).length,
    (missing) => missing === 0,
  )
  await story.atPeace(3)
  expect(await story.lost()).toEqual([])
}, 120_000)

test('an agent that lost its index gets no receipt for a deleted instance: it is asked for it and brings it', async () => {
  await using story = await Story.begin()
  const instances = await story.confirm(2, 3)
  await story.clinic.stopAgent()
  for (const file of ['queue.sqlite', 'queue.sqlite-wal', 'queue.sqlite-shm'])
    rmSync(join(story.clinic.settings.dataFolder, file), { force: true })
  for (const instance of instances.slice(0, 2)) rmSync(story.path(instance))
  await story.clinic.startAgent()

  await story.pass(
    () => story.status(),
    ({ deliveries, studies }) => deliveries.confirmed === 6 && studies.open + studies.closed === 0,
  )
  expect(story.missing(instances)).toEqual([])
  expect(story.sum('center asks again', 'instances')).toBe(2)
}, 120_000)

test('an instance that no agent has any more is named on both sides, the rest is receipted, and nothing is asked without end', async () => {
  await using story = await Story.begin()
  const instances = await story.confirm(2, 3)
  story.clock.advance(8 * DAY_MS)
  await story.pass(
    () => story.sum('confirmed instances removed after retention', 'removed'),
    (removed) => removed === 6,
  )
  // All of one study, one instance of the other.
  const gone = instances.slice(0, 4)
  for (const instance of gone) rmSync(story.path(instance))
  await story.aDayPasses()

  await story.pass(
    () => story.alarms().join(),
    (alarms) =>
      alarms.includes('CENTER_LOST 4 that the center has lost') && !alarms.includes('CENTER_BEHIND'),
  )
  expect(story.status().deliveries).toEqual({ ...NONE, held: 4, confirmed: 2 })
  expect((await story.lost()).map(({ sopInstanceUid }) => sopInstanceUid).toSorted()).toEqual(
    gone.map(({ sopInstanceUid }) => sopInstanceUid).toSorted(),
  )
  const manifests = story.count('study closed')
  for (let minute = 0; minute < 120; minute++) {
    story.clock.advance(60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await story.aDayPasses()
  expect([story.count('study closed'), story.status().deliveries.held]).toEqual([manifests, 4])

  await sendInstances(story.clinic.agent.port, gone)
  await story.atPeace(6)
  expect([story.missing(instances), await story.lost()]).toEqual([[], []])
}, 180_000)

/** The ways in which a disk can be away, and come back. */
interface Away {
  prepare(story: Story): Promise<void>
  takeAway(story: Story): void
  bringBack(story: Story): void
  cleanUp(story: Story): void
}

/** Runs a case in which the disk is away for an hour, and then is back. */
async function awayForAnHour(away: Away) {
  await using story = await Story.begin()
  using _ = { [Symbol.dispose]: () => away.cleanUp(story) }
  await away.prepare(story)
  const before = await story.confirm(2, 3)
  away.takeAway(story)
  // The instances are old enough to be removed, if the center confirmed its receipts.
  story.clock.advance(8 * DAY_MS)
  const late = [inventedInstance(KIB), inventedInstance(KIB)]
  const answers = await sendInstances(story.clinic.agent.port, late)
  const hourLater = story.clock.now() + 3_600_000
  await passTimeUntil(
    story.clock,
    () => story.clock.now(),
    (now) => now >= hourLater,
    60_000,
  )
  await story.pass(
    () => story.status().center.trouble?.reasonCode,
    (code) => code === 'CENTER_BUSY',
  )
  const meanwhile = {
    answers: answers.map(({ status }) => status),
    removed: story.sum('confirmed instances removed after retention', 'removed'),
    lost: await story.lost(),
    confirmed: story.status().deliveries.confirmed,
    told: story.count('the instance store is not there: no receipts, packs wait'),
    isStoreThere: (await story.desk((desk) => desk.registerState())).isStoreThere,
  }
  away.bringBack(story)
  await story.atPeace(before.length + late.length)
  const askedAgain = story.sum('center asks again', 'instances')
  const after = { missing: story.missing([...before, ...late]), lost: await story.lost(), askedAgain }
  return { meanwhile, after }
}

const WAITED = {
  meanwhile: { answers: [0, 0], removed: 0, lost: [], confirmed: 6, told: 1, isStoreThere: false },
  after: { missing: [], lost: [], askedAgain: 0 },
}

const mount = ({ clinic, store }: Story): void => run('mount', '--bind', join(clinic.folder, 'disk'), store)

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(stderr.toString())
}

test('a store that is away is waited for: nothing is receipted, lost, sent again or removed, and it goes on by itself', async () => {
  const found = await awayForAnHour({
    prepare: async () => {},
    takeAway: ({ store }) => {
      renameSync(store, `${store}.away`)
      mkdirSync(store)
    },
    bringBack: ({ store }) => {
      rmSync(store, { recursive: true })
      renameSync(`${store}.away`, store)
    },
    cleanUp: () => {},
  })
  expect(found).toEqual(WAITED)
}, 180_000)

describeWithSmallDisks('a store on a disk of its own', () => {
  test('the center waits for its store while the disk is not mounted, with a real mount', async () => {
    let disk: SmallDisk | undefined
    const found = await awayForAnHour({
      prepare: async (story) => {
        const { clinic, store } = story
        await clinic.stopCenter()
        disk = new SmallDisk(join(clinic.folder, 'disk'), 'size=64m')
        run('cp', '-a', `${store}/.`, disk.path)
        rmSync(store, { recursive: true })
        mkdirSync(store)
        mount(story)
        await clinic.startCenter()
      },
      takeAway: ({ store }) => run('umount', '--lazy', store),
      bringBack: mount,
      cleanUp: ({ store }) => {
        spawnSync('umount', ['--lazy', store])
        disk?.[Symbol.dispose]()
      },
    })
    expect(found).toEqual(WAITED)
  }, 180_000)
})

test('a store that was replaced by an empty one is filled again by the agents once an operator has accepted it', async () => {
  await using story = await Story.begin()
  const instances = await story.confirm(3, 4)
  rmSync(story.store, { recursive: true })
  await until(
    () => {
      story.clock.advance(10_000)
      return story.count('the instance store is not there: no receipts, packs wait')
    },
    (count) => count === 1,
  )
  await story.desk((desk) => desk.acceptStore())
  await story.pass(
    () => story.sum('center asks again', 'instances'),
    (count) => count === instances.length,
  )
  await story.atPeace(instances.length)
  expect([story.missing(instances), await story.lost()]).toEqual([[], []])
}, 120_000)
