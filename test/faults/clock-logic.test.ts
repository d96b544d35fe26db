import { describe, expect, test } from '@jest/globals'
import { startAgent } from '../../src/agent/agent.ts'
import { openQueue, type Queue } from '../../src/agent/queue/open-queue.ts'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { CenterClient } from '../../src/agent/send/center-client.ts'
import { introduceCenter } from '../../src/agent/send/introduce-center.ts'
import { joinCenter } from '../../src/agent/send/join-center.ts'
import { backoffMs, LONGEST_WAIT_MS } from '../../src/platform/backoff.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { Failure } from '../../src/platform/failure.ts'
import { silentLog } from '../../src/platform/log.ts'
import { signAccessToken } from '../../src/protocol/access-token.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { JumpingClock } from '../support/clocks/jumping-clock.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { spoolInstance } from '../support/instances/sealed-instance.ts'
import { packOf, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const LIMITS = { bytes: 1e6, members: 10 }
/** From now to the morning of 2 January 1970. */
const to1970 = (): number => DAY_MS - Date.now()

/** One instance that was told to wait ten minutes. */
async function putOff(queue: Queue, clock: Clock): Promise<void> {
  await queue.acceptance.accept(await spoolInstance(queue.spool))
  const pack = queue.packs.formNext('center', LIMITS)
  const failure = new Failure('DIGEST_MISMATCH', 'the center says: other bytes')
  const nextAttemptAt = clock.now() + 10 * MINUTE_MS
  const outcomes = pack?.header.members.map(({ ulid }) => ({
    ulid,
    outcome: 'again' as const,
    failure,
    nextAttemptAt,
  }))
  queue.packs.settle('center', pack?.header.pack ?? '', outcomes ?? [])
}

async function connect(center: RunningCenter, agent: EnrolledAgent, clock: Clock): Promise<CenterClient> {
  const { keys } = await introduceCenter({ ...(await center.invite('pin')), url: center.url }, systemClock)
  return new CenterClient({
    url: center.url,
    center: center.made.center,
    pins: () => keys.tlsPins,
    signingKey: agent.key,
    clock,
  })
}

describe('times that were written down before the clock went back', () => {
  test.each([
    ['ten days', -10 * DAY_MS],
    ['eight hours, a time zone', -8 * HOUR_MS],
    ['to 1970', to1970()],
  ])('a delivery waits no longer because the clock went back by %s', async (_, jumpMs) => {
    using folder = tempFolder()
    const clock = new JumpingClock()
    using queue = await openQueue(folder.path, clock, ['center'])
    await putOff(queue, clock)
    // Its ten minutes are kept while the clock is right, and where it is put right by seconds.
    for (const small of [0, -2 * MINUTE_MS]) {
      clock.jumpMs = small
      expect(queue.packs.formNext('center', LIMITS)).toBeUndefined()
      expect(queue.deliveries.nextDue('center')).toBeGreaterThan(clock.now())
    }
    clock.jumpMs = jumpMs
    expect(queue.deliveries.nextDue('center')).toBeLessThanOrEqual(clock.now())
    expect(queue.packs.formNext('center', LIMITS)?.header.members).toHaveLength(1)
    expect(queue.deliveries.nextDue('center')).toBeUndefined()
  })

  test('a receipt that could not be had then is asked for as soon as the center answers', async () => {
    await using clinic = await openClinic({ settings: { study: { quietMs: 800 } } })
    await clinic.stopAgent()
    const clock = new JumpingClock(systemClock, 10 * DAY_MS)
    await using agent = await startAgent(clinic.settings, { clock, log: silentLog })
    await sendInstances(agent.port, [inventedInstance(2000)])
    const { service } = agent
    await until(
      () => service.status(),
      ({ deliveries }) => deliveries.delivered === 1,
    )
    await clinic.stopCenter()
    await until(
      () => service.studies(1).studies[0]?.nextAttemptAt ?? 0,
      (at) => at > Date.now() + 9 * DAY_MS,
    )
    clock.jumpMs = -10 * DAY_MS
    await clinic.startCenter()
    const { deliveries } = await until(
      () => service.status(),
      (status) => status.deliveries.confirmed === 1,
      15_000,
    )
    expect(deliveries).toMatchObject({ delivered: 0, confirmed: 1 })
  })

  test('no wait is negative, endless, or longer than the one that such times are told apart by', () => {
    for (const attempts of [0, 1, 5, 30, 31, 1000, 1e9]) {
      for (const cap of [1000, 10 * MINUTE_MS, DAY_MS]) {
        const delay = backoffMs(attempts, 1000, cap)
        expect(delay).toBeGreaterThanOrEqual(500)
        expect(delay).toBeLessThanOrEqual(Math.min(cap, LONGEST_WAIT_MS))
      }
    }
  })

  test('names stay good and different while the clock is in 1970, or before it', () => {
    for (const now of [0, 5, -86_400_000]) {
      const names = new Set(Array.from({ length: 5000 }, () => newUlid(now)))
      expect(names.size).toBe(5000)
    }
  })
})

describe("the center's time", () => {
  test('the word of the center holds while the clock here jumps: the jump alone makes no confirmed copy old', async () => {
    await using center = await RunningCenter.start()
    const clock = new JumpingClock()
    await using client = await connect(center, await center.enrol(), clock)
    expect(client.clockOffsetMs).toBeUndefined()
    await client.request({ method: 'GET', path: CENTER_PATHS.agent })
    for (const jumpMs of [0, 10 * DAY_MS, -10 * DAY_MS, to1970()]) {
      clock.jumpMs = jumpMs
      expect(Math.abs((client.clockOffsetMs ?? 0) + jumpMs)).toBeLessThan(5000)
    }
  })

  test.each([
    ['ahead', 10 * DAY_MS],
    ['behind', -10 * DAY_MS],
  ])(
    'an agent whose clock is ten days %s learns the time also from a refusal that has no words',
    async (_, jumpMs) => {
      await using center = await RunningCenter.start()
      const agent = await center.enrol()
      const pack = packOf([spoolFile({ recipients: await center.recipients(agent) })])
      const { location } = (await agent.create(pack)).headers
      await using client = await connect(center, agent, new JumpingClock(systemClock, jumpMs))
      // After a restart this is the first thing that an agent with a pack under way asks.
      const asked = { method: 'HEAD', path: String(location), headers: { 'tus-resumable': '1.0.0' } } as const
      expect((await client.request(asked)).headers['upload-offset']).toBe('0')
    },
  )

  test('a token of another time is refused in words that say how far the clocks are apart', async () => {
    await using center = await RunningCenter.start()
    const agent = await center.enrol()
    const authorization = `Bearer ${signAccessToken(agent.key, center.made.center, DAY_MS)}`
    const answer = await center.ask('GET', CENTER_PATHS.agent, { headers: { authorization } })
    expect(answer).toMatchObject({
      status: 401,
      json: {
        code: 'TOKEN_TIME',
        message: expect.stringMatching(/the clocks of agent and center are \d{9,} s apart/),
      },
    })
    expect(Math.abs(Date.parse(String(answer.headers.date)) - Date.now())).toBeLessThan(5000)
  })

  test('an agent whose clock is in 1970 joins all the same', async () => {
    await using center = await RunningCenter.start()
    using folder = tempFolder()
    const code = { ...(await center.invite('a')), url: center.url }
    const approvals: Promise<unknown>[] = []
    await joinCenter({
      dataFolder: folder.path,
      code,
      name: 'a',
      clock: new JumpingClock(systemClock, to1970()),
      onPending: (fingerprint) => approvals.push(center.desk.approve(fingerprint)),
    })
    await Promise.all(approvals)
    expect((await CenterAccount.open(folder.path)).keyList().center).toBe(center.made.center)
  })

  test('a join code that is too old because the center’s clock was set names both times', async () => {
    const clock = new JumpingClock()
    await using center = await RunningCenter.start({ clock })
    const { token } = await center.invite('a')
    clock.jumpMs = 10 * DAY_MS
    const here = new Date(clock.now()).toISOString().slice(0, 10)
    const refused = await center.join(newSigningKey(), token)
    expect(refused).toMatchObject({
      status: 403,
      json: {
        code: 'JOIN_CODE_INVALID',
        message: expect.stringMatching(`good until .* UTC, and it is ${here}T.* UTC by the center's clock`),
      },
    })
    // Set right again, the same code is good: nothing was spent.
    clock.jumpMs = 0
    expect((await center.join(newSigningKey(), token)).status).toBe(200)
  })
})

describe('records that are forgotten after a time', () => {
  test('a copy that was confirmed while the clock was in 1970 is kept as long as any other', async () => {
    await using clinic = await openClinic()
    await clinic.stopAgent()
    const wrong = new JumpingClock(systemClock, to1970())
    const agent = await startAgent(clinic.settings, { clock: wrong, log: silentLog })
    await sendInstances(agent.port, [inventedInstance(2000)])
    await until(
      () => agent.service.status(),
      ({ deliveries }) => deliveries.confirmed === 1,
    )
    await agent[Symbol.asyncDispose]()
    using queue = await openQueue(clinic.settings.dataFolder, systemClock, ['center'])
    // Retention has a clock of its own, which does not include the jump.
    const elapsedMs = queue.retentionTimes.last()?.elapsedMs ?? 0
    expect(elapsedMs).toBeLessThan(MINUTE_MS)
    expect(queue.retained.due(elapsedMs - 1, 10)).toEqual([])
    expect(queue.retained.due(elapsedMs + MINUTE_MS, 10)).toHaveLength(1)
  })

  test('an upload that its agent still works on outlives a jump of the center’s clock; one that no agent asks for does not', async () => {
    const time = new ManualClock(Date.now())
    const clock = new JumpingClock(time)
    await using center = await RunningCenter.start({ clock })
    const agent = await center.enrol()
    const recipients = await center.recipients(agent)
    const [used, unused] = [packOf([spoolFile({ recipients })]), packOf([spoolFile({ recipients })])]
    const location = String((await agent.create(used)).headers.location)
    await agent.create(unused)
    await agent.patch(location, 0, used.bytes.subarray(0, 1000))
    clock.jumpMs = 10 * DAY_MS
    time.advance(HOUR_MS / 2)
    expect((await agent.tus('HEAD', location)).headers['upload-offset']).toBe('1000')
    // The sweep of every hour.
    time.advance(HOUR_MS / 2)
    await until(
      () => center.desk.status(),
      ({ packsUnderWay }) => packsUnderWay === 1,
    )
    expect((await agent.patch(location, 1000, used.bytes.subarray(1000))).status).toBe(204)
    expect(await agent.answered(location)).toMatchObject({ members: [{ state: 'stored' }] })
  })
})
