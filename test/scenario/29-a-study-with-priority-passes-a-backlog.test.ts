import { expect, test } from '@jest/globals'
import type { StoreAnswer } from '../../src/dimse/association/association.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { FaultProxy } from '../support/lines/fault-proxy.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic, testSettings } from '../support/programs/clinic.ts'

const MB = 1e6
/** 20 Mbit/s. */
const LINE_BYTES_PER_SECOND = 2.5 * MB
const URGENT_BYTES = 4 * MB
const BACKLOG_STUDIES = 10

interface Passed {
  /** Bytes of all kinds that the line carried from the last Success until the receipt of the study. */
  readonly carried: number
  /** Instances of the backlog that were not confirmed by then. */
  readonly behind: number
}

/** Sends one image from DR1 behind a backlog that already uses the whole line. */
async function passBacklog(priority: readonly string[]): Promise<Passed> {
  let line: FaultProxy | undefined
  const { send } = testSettings('')
  const devices = [{ name: 'DR, emergency', aeTitle: 'DR1', addresses: [], kind: 'DX' }]
  await using clinic = await openClinic({
    settings: { devices, send: { ...send, priority }, study: { quietMs: 5000 } },
    line: async ({ port }) => (line = await FaultProxy.start(port)),
  })
  if (line === undefined) throw new Error('there is no line')
  line.bytesPerSecond = LINE_BYTES_PER_SECOND
  for (let i = 0; i < BACKLOG_STUDIES; i++)
    taken(await sendInstances(clinic.agent.port, [inventedInstance(4 * MB)]))
  const urgent = inventedInstance(URGENT_BYTES)
  taken(await sendInstances(clinic.agent.port, [urgent], 'DR1'))
  const before = line.bytesUp
  await isConfirmed(clinic, 'DR1')
  const carried = line.bytesUp - before
  const { queued, sending, delivered } = clinic.agent.service.status().deliveries
  line.bytesPerSecond = Number.POSITIVE_INFINITY
  expect(await allSettled(clinic)).toMatchObject({ confirmed: BACKLOG_STUDIES + 1, held: 0 })
  return { carried, behind: queued + sending + delivered }
}

function taken(answers: readonly StoreAnswer[]): void {
  expect(answers.map(({ status }) => status)).toEqual([0])
}

async function isConfirmed({ agent }: Clinic, callingAeTitle: string): Promise<void> {
  await until(
    () => agent.service.queue(100),
    ({ deliveries }) => deliveries.every((it) => it.callingAeTitle !== callingAeTitle),
    60_000,
  )
}

test('the study of a device with priority is confirmed before the backlog, at nearly the cost of its own bytes', async () => {
  const { carried, behind } = await passBacklog(['DX'])
  expect(behind).toBeGreaterThan(BACKLOG_STUDIES / 2)
  // The control: without priority it shares the line with the others. The slower the machine, the more the others send.
  const shared = await passBacklog([])
  expect(carried).toBeLessThan(0.8 * shared.carried)
  expect(carried).toBeLessThan(1.5 * URGENT_BYTES)
}, 180_000)
