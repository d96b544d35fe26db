import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { type RotatedKind, raiseListVersion, rotateKey } from '../../src/center/keys/change-keys.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { JumpingClock } from '../support/clocks/jumping-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { RecordingLog } from '../support/recording-log.ts'

const YEAR_MS = 365 * 86_400_000

class Story implements AsyncDisposable {
  readonly clinic: Clinic
  readonly clock: JumpingClock
  readonly log: RecordingLog

  private constructor(clinic: Clinic, clock: JumpingClock, log: RecordingLog) {
    this.clinic = clinic
    this.clock = clock
    this.log = log
  }

  static async begin(): Promise<Story> {
    const clock = new JumpingClock(new FastClock(20))
    const log = new RecordingLog()
    return new Story(await openClinic({ clock, log }), clock, log)
  }

  get folder(): string {
    return join(this.clinic.folder, 'center')
  }

  async version(): Promise<number> {
    return (await CenterAccount.open(this.clinic.settings.dataFolder)).keyList().version
  }

  /** A new key in use at once; resolves when the agent has the list. */
  async rotate(kind: RotatedKind): Promise<void> {
    const before = await this.version()
    const nowMs = this.clock.now()
    await rotateKey({ folder: this.folder, nowMs }, kind, nowMs, 'https://127.0.0.1')
    await until(
      () => {
        this.clinic.agent.service.retry()
        return this.version()
      },
      (version) => version > before,
    )
  }

  async confirmOne(): Promise<void> {
    const { confirmed } = this.clinic.agent.service.status().deliveries
    await sendInstances(this.clinic.agent.port, [inventedInstance(1000)])
    const settled = await allSettled(this.clinic)
    if (settled.confirmed !== confirmed + 1) throw new Error(`not confirmed: ${JSON.stringify(settled)}`)
  }

  /** Copies these of the center's folder, or puts the copies back. */
  async copy(names: readonly string[], direction: 'backUp' | 'putBack'): Promise<void> {
    await this.clinic.stopCenter()
    for (const name of names) {
      const [from, to] = [join(this.folder, name), join(this.clinic.folder, `backup-${name}`)]
      const [source, target] = direction === 'backUp' ? [from, to] : [to, from]
      rmSync(target, { recursive: true, force: true })
      cpSync(source, target, { recursive: true })
    }
    await this.clinic.startCenter()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clinic[Symbol.asyncDispose]()
  }
}

const ALL = ['register.sqlite', 'instances', 'keys']

test.each([
  ['its register, from before the agent learned two key lists', ['register.sqlite', 'instances']],
  ['its keys, from before they were changed twice', ['keys']],
  ['everything', ALL],
])(
  'a center that was restored in part goes on with its agents: %s',
  async (_, restored) => {
    await using story = await Story.begin()
    await story.confirmOne()
    await story.copy(ALL, 'backUp')
    await story.rotate('receipt')
    await story.rotate('receipt')
    const known = await story.version()
    await story.copy(restored, 'putBack')

    await story.confirmOne()
    await story.rotate('receipt')
    await story.confirmOne()

    expect(await story.version()).toBeGreaterThan(known)
    const codes = story.log.of('error').map(({ fields }) => fields['code'])
    expect(codes.filter((code) => code !== 'CENTER_BEHIND')).toEqual([])
    expect(story.clinic.agent.service.status().alarms).toEqual([])
  },
  120_000,
)

test('lists from a clock that was a year ahead are told after a restore, and passed by one command', async () => {
  await using story = await Story.begin()
  await story.copy(ALL, 'backUp')
  story.clock.jumpMs = YEAR_MS
  await story.rotate('receipt')
  const ahead = await story.version()
  story.clock.jumpMs = 0
  await story.copy(ALL, 'putBack')

  const { alarms } = await until(
    () => {
      story.clinic.agent.service.retry()
      return story.clinic.agent.service.status()
    },
    ({ alarms: raised }) => raised.length > 0,
  )
  expect(alarms).toMatchObject([
    { code: 'KEY_LIST_OLDER', message: expect.stringContaining(`keys publish --above ${ahead}`) },
  ])
  await raiseListVersion({ folder: story.folder, nowMs: story.clock.now() }, ahead)
  await until(
    () => {
      story.clinic.agent.service.retry()
      return story.clinic.agent.service.status().alarms
    },
    (raised) => raised.length === 0,
  )

  expect(await story.version()).toBe(ahead + 1)
  await story.confirmOne()
}, 120_000)
