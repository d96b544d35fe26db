import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type AgentStatus, CONTROL_PATHS, statusSchema } from '../../src/protocol/control-api.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { keepPace } from '../support/clocks/keep-pace.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { type RunningProgram, startProgram } from '../support/programs/child-process.ts'
import { openClinic } from '../support/programs/clinic.ts'

const INSTANCES = 1000
const KILLS = 12
/** The pace of the kills: 0.2 s to 1.4 s pass between two of them. */
const SHORTEST_PACE_MS = 200
const PACE_SPREAD_MS = 1200

/** As an insistent device: sends what has no Success yet over a new association, until all has. */
async function sendUntilAcknowledged(port: number, instances: RawInstance[]): Promise<void> {
  let left = instances
  await until(
    async () => {
      const batch = left.slice(0, 50)
      const answers = await sendInstances(port, batch).catch(() => [])
      const acknowledged = new Set(batch.filter((_, i) => answers[i]?.status === 0))
      left = left.filter((instance) => !acknowledged.has(instance))
      return left.length
    },
    (count) => count === 0,
    240_000,
  )
}

/** Deliveries by state, asked of the agent as the CLI does. */
async function deliveryStates(dataFolder: string): Promise<AgentStatus['deliveries']> {
  const { value } = await new ControlClient(dataFolder).call(statusSchema, 'GET', CONTROL_PATHS.status)
  return value.deliveries
}

test('agent and center are killed at random while 1,000 instances travel; each arrives exactly once, confirmed', async () => {
  await using clinic = await openClinic()
  const centerPort = clinic.center.port
  await clinic.stopAgent()
  await clinic.stopCenter()
  const centerOptions = {
    folder: join(clinic.folder, 'center'),
    listen: { host: '127.0.0.1', port: centerPort },
    name: 'Test center',
    limits: { ...DEFAULT_LIMITS, reserveBytes: 0 },
  }
  const startCenter = (): Promise<RunningProgram> =>
    startProgram('run-center', join(clinic.folder, 'c.json'), centerOptions)
  const startAgent = (port: number): Promise<RunningProgram> => {
    const settings = { ...clinic.settings, listener: { ...clinic.settings.listener, port } }
    return startProgram('run-agent', join(clinic.folder, 'a.json'), settings)
  }
  let center = await startCenter()
  let agent = await startAgent(0)
  const { port } = agent
  const studies = Array.from({ length: 10 }, newUid)
  const instances = Array.from({ length: INSTANCES }, (_, i) =>
    inventedInstance(20_000, { studyInstanceUid: studies[i % studies.length] ?? '' }),
  )
  const halves = [instances.slice(0, INSTANCES / 2), instances.slice(INSTANCES / 2)]
  const sending = Promise.all(halves.map((half) => sendUntilAcknowledged(port, half)))
  for (let kill = 0; kill < KILLS; kill++) {
    // Chance draws the moment: a condition would spare the moments at which it is not true.
    await keepPace(SHORTEST_PACE_MS + Math.random() * PACE_SPREAD_MS)
    if (kill % 2 === 0) {
      await agent.kill()
      agent = await startAgent(port)
    } else {
      await center.kill()
      center = await startCenter()
    }
  }
  await sending
  const none = { queued: 0, sending: 0, delivered: 0, held: 0 }
  await until(
    () => deliveryStates(clinic.settings.dataFolder),
    ({ confirmed }) => confirmed === INSTANCES,
    120_000,
  )
  expect(await deliveryStates(clinic.settings.dataFolder)).toEqual({ ...none, confirmed: INSTANCES })
  await agent.stop()
  await center.kill()
  // A file that a kill left behind is never written over; the register says which files are instances.
  using desk = await OperatorDesk.open({
    folder: centerOptions.folder,
    publicUrl: 'https://127.0.0.1',
    clock: systemClock,
  })
  expect(await desk.status()).toMatchObject({ instances: INSTANCES, held: 0 })
  const digests = new Set(storedAtCenter(centerOptions.folder).map(({ dataSetSha256 }) => dataSetSha256))
  expect(instances.filter(({ dataSet }) => !digests.has(sha256(dataSet)))).toEqual([])
}, 400_000)
