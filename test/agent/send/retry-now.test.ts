import { setTimeout as realPause } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../../support/clocks/pass-time.ts'
import { until } from '../../support/clocks/until.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { newUid } from '../../support/instances/sealed-instance.ts'
import { sendInstances } from '../../support/peers/send-instances.ts'
import { openClinic } from '../../support/programs/clinic.ts'

const INSTANCES = 3

test('a retry ends the pause of a running agent, counts what waits, and sends it while no time passes', async () => {
  const clock = new ManualClock(Date.now())
  await using clinic = await openClinic({ clock })
  const { service } = clinic.agent
  await clinic.stopCenter()
  const studyInstanceUid = newUid()
  const instances = Array.from({ length: INSTANCES }, () => inventedInstance(100, { studyInstanceUid }))
  await sendInstances(clinic.agent.port, instances)
  await passTimeUntil(
    clock,
    () => service.status().center.trouble,
    (trouble) => (trouble?.nextAttemptAt ?? 0) - clock.now() > 5000,
    1000,
  )
  await clinic.startCenter()
  // The control: without a retry the agent waits for its time.
  await realPause(500)
  expect(service.status().deliveries).toMatchObject({ delivered: 0, confirmed: 0 })
  expect(service.retry()).toMatchObject({ retried: INSTANCES })
  await until(
    () => service.status().deliveries,
    ({ queued, sending }) => queued + sending === 0,
    20_000,
  )
})
