import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../src/dimse/scu/requested-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type AgentStatus, CONTROL_PATHS, statusSchema } from '../../src/protocol/control-api.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RunningProgram, startProgram } from '../support/programs/child-process.ts'
import { type Clinic, openClinic } from '../support/programs/clinic.ts'
import { describeWithFaketime, processorSeconds, WallClock } from './support/clock-faketime.ts'

const DAY_MS = 86_400_000
/** Two seconds before the hour is left out, then before it comes twice, in Berlin. */
const JUMPS = [
  '+10d',
  '-10d',
  '@1970-01-01 01:00:05',
  '@2060-01-01 00:00:00',
  '@2027-03-28 01:59:58',
  '@2026-10-25 02:59:58',
  '+0',
]
const JUMPS_OF_THE_CENTER = ['+10d', '-10d', '@1970-01-01 01:00:05', '+0']
const CHUNK_BYTES = 16 * 1024

/** The clinic's agent and its center, each a process of its own with a wall clock of its own. */
class ClockedClinic implements AsyncDisposable {
  readonly clinic: Clinic
  readonly agent: RunningProgram
  readonly center: RunningProgram
  readonly clocks: { readonly agent: WallClock; readonly center: WallClock }

  private constructor(
    clinic: Clinic,
    agent: RunningProgram,
    center: RunningProgram,
    clocks: ClockedClinic['clocks'],
  ) {
    this.clinic = clinic
    this.agent = agent
    this.center = center
    this.clocks = clocks
  }

  /** Uploads are slow enough for the clock to jump while one is under way. */
  static async start(): Promise<ClockedClinic> {
    const send = {
      packBytes: 2 ** 24,
      packMembers: 500,
      chunkBytes: CHUNK_BYTES,
      uploads: 2,
      bandwidthBytesPerSecond: 400_000,
    }
    const clinic = await openClinic({ settings: { send } })
    const { port } = clinic.center
    await clinic.stopAgent()
    await clinic.stopCenter()
    const clockOf = (name: string): WallClock =>
      new WallClock(join(clinic.folder, `${name}-time`), 'Europe/Berlin')
    const clocks = { agent: clockOf('agent'), center: clockOf('center') }
    const options = {
      folder: join(clinic.folder, 'center'),
      listen: { host: '127.0.0.1', port },
      name: 'Test center',
      limits: { ...DEFAULT_LIMITS, reserveBytes: 0 },
    }
    const center = await startProgram('run-center', join(clinic.folder, 'c.json'), options, clocks.center)
    const agent = await startProgram(
      'run-agent',
      join(clinic.folder, 'a.json'),
      clinic.settings,
      clocks.agent,
    )
    return new ClockedClinic(clinic, agent, center, clocks)
  }

  async status(): Promise<AgentStatus> {
    return (
      await new ControlClient(this.clinic.settings.dataFolder).call(statusSchema, 'GET', CONTROL_PATHS.status)
    ).value
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.kill()
    await this.center.kill()
    await this.clinic[Symbol.asyncDispose]()
  }
}

const invent = (studyInstanceUid: string) => inventedInstance(80_000, { studyInstanceUid })
type Invented = ReturnType<typeof invent>

/** Stores an instance; `between` is called when the request has begun and the data set has not ended. */
async function store(
  association: RequestedAssociation,
  instance: Invented,
  between: () => void = () => {},
): Promise<number> {
  const { status } = await association.store({ ...instance, dataSet: halves(instance.dataSet, between) })
  return status
}

async function* halves(bytes: Buffer, between: () => void): AsyncGenerator<Buffer> {
  const middle = bytes.length >> 1
  yield bytes.subarray(0, middle)
  between()
  yield bytes.subarray(middle)
}

/** Sends over one association while the clock jumps again and again and its instances are taken in and sent. */
async function sendThroughJumps(clocked: ClockedClinic, clock: WallClock, jumps: readonly string[]) {
  const { sopClassUid, transferSyntaxUid } = invent(newUid())
  const association = await openAssociation({
    host: '127.0.0.1',
    port: clocked.agent.port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [{ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] }],
    clock: systemClock,
  })
  const instances: Invented[] = []
  const [statuses, times]: [number[], number[]] = [[], []]
  for (const jump of jumps) {
    const study = newUid()
    const [before, during] = [invent(study), invent(study)]
    instances.push(before, during)
    statuses.push(await store(association, before))
    await until(
      () => clocked.status(),
      ({ deliveries }) => deliveries.sending > 0,
    )
    statuses.push(await store(association, during, () => clock.set(jump)))
    times.push((await clocked.status()).now)
    await until(
      () => clocked.status(),
      ({ deliveries }) => deliveries.confirmed === instances.length,
      20_000,
    )
  }
  await association.release()
  return { instances, statuses, times }
}

const usedBy = (pid: number | undefined): number => processorSeconds(pid ?? 0)

/** How much a process works while nothing is asked of it, beside one that never rests: about 1 = it does not rest either. */
async function workAtRest(pid: number | undefined): Promise<number> {
  const busy = spawn(process.execPath, ['-e', 'for (;;);'])
  try {
    await once(busy, 'spawn')
    const before = [usedBy(pid), usedBy(busy.pid)] as const
    await until(
      () => usedBy(busy.pid),
      (used) => used - before[1] > 0.4,
    )
    return (usedBy(pid) - before[0]) / (usedBy(busy.pid) - before[1])
  } finally {
    busy.kill('SIGKILL')
  }
}

function expectStoredOnce(clocked: ClockedClinic, instances: readonly Invented[]): void {
  const stored = storedAtCenter(join(clocked.clinic.folder, 'center')).map((one) => one.dataSetSha256)
  expect(stored.toSorted()).toEqual(instances.map(({ dataSet }) => sha256(dataSet)).toSorted())
}

describeWithFaketime(
  'a wall clock that jumps by ten days, to 1970, to 2060 and over both ends of summer time',
  () => {
    test('a jump at the clinic aborts no association, and every upload under way comes to its receipt', async () => {
      await using clocked = await ClockedClinic.start()
      const { instances, statuses, times } = await sendThroughJumps(clocked, clocked.clocks.agent, JUMPS)
      expect(statuses).toEqual(Array(instances.length).fill(0))
      // The agent did live in those times, or nothing is proved.
      const now = Date.now()
      expect((times[0] ?? 0) - now).toBeGreaterThan(9 * DAY_MS)
      expect(now - (times[1] ?? 0)).toBeGreaterThan(9 * DAY_MS)
      expect(times[2]).toBeLessThan(DAY_MS)
      expect(new Date(times[3] ?? 0).getUTCFullYear()).toBeGreaterThanOrEqual(2059)
      expectStoredOnce(clocked, instances)
      expect(await workAtRest(clocked.agent.child.pid)).toBeLessThan(0.5)
    }, 90_000)

    test('a jump at the center refuses no receipt, and its register counts each instance once', async () => {
      await using clocked = await ClockedClinic.start()
      const { instances, statuses } = await sendThroughJumps(
        clocked,
        clocked.clocks.center,
        JUMPS_OF_THE_CENTER,
      )
      expect(statuses).toEqual(Array(instances.length).fill(0))
      expect((await clocked.status()).alarms).toEqual([])
      expectStoredOnce(clocked, instances)
      expect(await workAtRest(clocked.center.child.pid)).toBeLessThan(0.5)
      const register = openRegister(join(clocked.clinic.folder, 'center'))
      expect(await register.instances.count()).toEqual({
        instances: instances.length,
        held: 0,
        conflicts: 0,
      })
      register.close()
    }, 90_000)

    test('the measure finds a process that never rests', async () => {
      const child = spawn(process.execPath, ['-e', 'for (;;);'])
      try {
        expect(await workAtRest(child.pid)).toBeGreaterThan(0.5)
      } finally {
        child.kill('SIGKILL')
      }
    })
  },
)
