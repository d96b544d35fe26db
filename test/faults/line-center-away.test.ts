import { expect, test } from '@jest/globals'
import type { AgentStatus } from '../../src/protocol/control-api.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../support/clocks/pass-time.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { KIB, NONE, openBadLine } from './support/bad-line.ts'

const DAY_MS = 86_400_000
/** The longest that anything waits: a pack that failed again and again (docs/queue-states.md). */
const LONGEST_MS = 120_000
const INSTANCES = 60

test('a center that is away for seven days is waited for, and then gets everything at once', async () => {
  const clock = new ManualClock(Date.now())
  await using bad = await openBadLine({ clock })
  const { clinic, line } = bad
  const status = (): AgentStatus => clinic.agent.service.status()
  const studies = Array.from({ length: 12 }, newUid)
  const instances = Array.from({ length: INSTANCES }, (_, i) =>
    inventedInstance(10 * KIB, { studyInstanceUid: studies[i % studies.length] ?? '' }),
  )
  // One study is on its way when the line breaks and the center stops, the others come during its absence.
  line.cutAfter(20 * KIB)
  await sendInstances(clinic.agent.port, instances.slice(0, 6))
  await passTimeUntil(
    clock,
    () => line.cuts,
    (cuts) => cuts === 1,
  )
  line.isRefusing = true
  await clinic.stopCenter()
  await sendInstances(clinic.agent.port, instances.slice(6))

  const leftAt = clock.now()
  const waits: number[] = []
  while (clock.now() < leftAt + 7 * DAY_MS) {
    const { trouble } = await passTimeUntil(
      clock,
      () => status().center,
      (center) => center.trouble !== null && center.trouble.attempts > waits.length,
      waits.length < 20 ? 5000 : 3 * 3_600_000,
    )
    const { nextAttemptAt, reasonCode } = trouble ?? { nextAttemptAt: Number.POSITIVE_INFINITY }
    expect(reasonCode).toBe('CENTER_UNREACHABLE')
    waits.push(nextAttemptAt - clock.now())
    const { deliveries } = clinic.agent.service.queue(INSTANCES)
    expect(
      Math.max(...deliveries.map((delivery) => delivery.nextAttemptAt - clock.now())),
    ).toBeLessThanOrEqual(LONGEST_MS)
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
  expect(waits.length).toBeGreaterThan(25)
  expect(status().deliveries).toMatchObject({ confirmed: 0, held: 0 })

  await clinic.startCenter()
  line.isRefusing = false
  const backAt = clock.now()
  await passTimeUntil(
    clock,
    () => status().deliveries.confirmed,
    (confirmed) => confirmed === INSTANCES,
  )
  expect(clock.now() - backAt).toBeLessThan(LONGEST_MS)
  expect(status().deliveries).toEqual({ ...NONE, confirmed: INSTANCES })
}, 120_000)
