import { cpSync, renameSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { observeCenter } from '../../src/center/operate/observe-center.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { systemClock, type Timer } from '../../src/platform/clock.ts'
import { type AgentStatus, CONTROL_PATHS, retrySchema, statusSchema } from '../../src/protocol/control-api.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { joinTestCenter, testSettings } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MINUTE_MS = 60_000
const LIMITS = { reserveBytes: 0, ballastBytes: 0 }
const ALARMS = {
  agentSilentMs: Number.MAX_SAFE_INTEGER,
  agentStuckMs: 86_400_000,
  // The center's clock leaps here, and the agents' do not.
  clockOffMs: 86_400_000,
  pacsAwayMs: MINUTE_MS,
}

/** The center's clock: a test lets minutes pass between the questions of agents. */
class LeapingClock {
  leapMs = 0

  now(): number {
    return systemClock.now() + this.leapMs
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.leapMs
  }

  after(delayMs: number, call: () => void): Timer {
    return systemClock.after(delayMs, call)
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal)
  }
}

interface Story extends AsyncDisposable {
  readonly center: RunningCenter
  readonly clock: LeapingClock
  readonly path: (name: string) => string
}

/** A center, and a joined agent whose data folder is `first`. */
async function open(): Promise<Story> {
  await using stack = new AsyncDisposableStack()
  const clock = new LeapingClock()
  const center = stack.use(await RunningCenter.start({ clock }))
  const folder = stack.use(tempFolder())
  await joinTestCenter(center.folder, center.port, folder.join('first'))
  const held = stack.move()
  return {
    center,
    clock,
    path: (name) => folder.join(name),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

type Machine = AsyncDisposable & {
  readonly port: number
  /** Lets it ask the center what it thinks of it, two minutes later. */
  ask(): Promise<void>
  status(): Promise<AgentStatus>
  stop(): Promise<void>
}

async function start({ center, clock, path }: Story, name: string): Promise<Machine> {
  const dataFolder = path(name)
  const program = await startProgram('run-agent', path(`${name}.json`), testSettings(dataFolder))
  const control = new ControlClient(dataFolder)
  return {
    port: program.port,
    ask: async () => {
      clock.leapMs += 2 * MINUTE_MS
      const since = clock.now()
      await control.call(retrySchema, 'POST', CONTROL_PATHS.retry)
      await until(
        async () => (await center.desk.agents())[0]?.lastSeenAt ?? 0,
        (seenAt) => seenAt >= since,
      )
    },
    status: async () => (await control.call(statusSchema, 'GET', CONTROL_PATHS.status)).value,
    stop: () => program.stop(),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

async function conditions({ center, clock }: Story): Promise<string[]> {
  const { folder } = center
  const publicUrl = 'https://127.0.0.1:8443'
  const seen = await observeCenter({ folder, publicUrl, clock, limits: LIMITS, alarms: ALARMS })
  return seen.conditions.map(({ code, severity }) => `${severity} ${code}`)
}

const codes = ({ alarms }: AgentStatus): string[] => alarms.map(({ code }) => code)

test('a copied data folder that works on two machines is told on both sides, and both lose nothing', async () => {
  await using story = await open()
  const before = await start(story, 'first')
  await before.stop()
  cpSync(story.path('first'), story.path('copy'), { recursive: true })
  await using first = await start(story, 'first')
  await using copy = await start(story, 'copy')
  const sent = [inventedInstance(1000), inventedInstance(1000)] as const
  await sendInstances(first.port, [sent[0]])
  await sendInstances(copy.port, [sent[1]])
  for (let turn = 0; turn < 3; turn++) for (const machine of [first, copy]) await machine.ask()

  expect(await conditions(story)).toContain('act AGENT_CLONED')
  for (const machine of [first, copy]) {
    const { deliveries } = await until(
      () => machine.status(),
      (status) => status.deliveries.confirmed === 1,
    )
    expect(deliveries).toMatchObject({ queued: 0, held: 0 })
    expect(codes(await machine.status())).toEqual(['AGENT_CLONED'])
  }
  const stored = storedAtCenter(story.center.folder).map(({ sopInstanceUid }) => sopInstanceUid)
  expect(stored.toSorted()).toEqual(sent.map(({ sopInstanceUid }) => sopInstanceUid).toSorted())

  // One is left: an hour later both sides say no more.
  await copy.stop()
  story.clock.leapMs += 60 * MINUTE_MS
  await first.ask()
  await until(
    () => first.status(),
    (status) => codes(status).length === 0,
  )
  expect(await conditions(story)).toEqual([])
})

test('restarts, a moved disk and a restored backup are one machine', async () => {
  await using story = await open()
  const inTurn = async (name: string, times: number): Promise<string[]> => {
    await using machine = await start(story, name)
    for (let i = 0; i < times; i++) await machine.ask()
    const found = codes(await machine.status())
    await machine.stop()
    return found
  }
  expect(await inTurn('first', 3)).toEqual([])
  cpSync(story.path('first'), story.path('backup'), { recursive: true })
  expect(await inTurn('first', 3)).toEqual([])
  renameSync(story.path('first'), story.path('moved'))
  expect(await inTurn('moved', 3)).toEqual([])
  expect(await inTurn('backup', 3)).toEqual([])
  expect(await inTurn('backup', 3)).toEqual([])
  expect(await conditions(story)).toEqual([])
})
