import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { ReceivedHeartbeat } from '../../src/center/register/condition-register.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import type { Heartbeat } from '../../src/protocol/report/heartbeat.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { openClinic } from '../support/programs/clinic.ts'

const MINUTE_MS = 60_000
const CT = { name: 'CT room 1', aeTitle: 'CT1', addresses: [], kind: 'CT' }

async function newest(folder: string): Promise<ReceivedHeartbeat | undefined> {
  const register = openRegister(folder)
  try {
    return (await register.heartbeats.list())[0]
  } finally {
    register.close()
  }
}

test('a running agent reports its devices, its backlog and its disk, and none of its UIDs', async () => {
  await using clinic = await openClinic({
    clock: new FastClock(30),
    settings: { devices: [CT], study: { quietMs: 10 * MINUTE_MS } },
  })
  const instance = inventedInstance(1500, { studyInstanceUid: '1.2.826.0.1.3680043.10.5' })
  const transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian
  await sendInstances(clinic.agent.port, [{ ...instance, transferSyntaxUid }])
  const { heartbeat, clockOffsetMs } = await until(
    async () => await newest(join(clinic.folder, 'center')),
    (found) => (found?.heartbeat.devices.length ?? 0) > 0,
  ).then((found) => found ?? Promise.reject(new Error('no heartbeat')))
  expect(heartbeat).toMatchObject({
    backlog: { instances: 1, held: 0, oldestAt: expect.any(Number) },
    today: { studies: 1 },
    devices: [
      { aeTitle: 'CT1', name: 'CT room 1', kind: 'CT', isSilent: false, lastImageAt: expect.any(Number) },
    ],
    disk: { room: 'enough' },
    conditions: [],
  })
  expect(Math.abs(clockOffsetMs)).toBeLessThan(MINUTE_MS)
  expect(JSON.stringify(heartbeat)).not.toContain('1.2.826')
})

const HEARTBEAT: Heartbeat = {
  version: '0.1.0',
  now: 0,
  startedAt: 0,
  clockOffsetMs: null,
  disk: { freeBytes: 1000, reserveBytes: 100, room: 'enough' },
  backlog: { instances: 0, bytes: 0, held: 0, oldestAt: null },
  today: { since: 0, studies: 0 },
  callers: { refused: 0, pending: 0 },
  devices: [],
  conditions: [],
}

test('the center takes reports of approved agents alone, and shifts their times to its own clock', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const agent = await center.enrol()
  const tell = async (told: object, teller = agent): Promise<unknown> => {
    const body = JSON.stringify({ ...HEARTBEAT, now: clock.now(), ...told })
    const { status, json } = await teller.ask('POST', CENTER_PATHS.heartbeat, { body })
    return [status, json]
  }
  const wrong = { status: 400, code: 'PROTOCOL_VIOLATION' }
  expect(await tell({ newField: 1 })).toEqual([200, {}])
  expect(await tell({ disk: 'full' })).toEqual([wrong.status, expect.objectContaining({ code: wrong.code })])
  const oldestAt = clock.now() - MINUTE_MS
  const ahead = { now: clock.now() + 20 * MINUTE_MS, clockOffsetMs: 20 * MINUTE_MS + 900 }
  await tell({ ...ahead, backlog: { ...HEARTBEAT.backlog, oldestAt: oldestAt + 20 * MINUTE_MS } })
  expect(await newest(center.folder)).toMatchObject({
    clockOffsetMs: 20 * MINUTE_MS,
    receivedAt: clock.now(),
    heartbeat: { backlog: { oldestAt } },
  })
  // A request that was on its way for a minute does not make the clocks differ.
  await tell({ now: clock.now() - MINUTE_MS, clockOffsetMs: 200 })
  expect(await newest(center.folder)).toMatchObject({ clockOffsetMs: 0 })
  await center.desk.revoke(agent.key.kid)
  expect(await tell({})).toEqual([403, expect.objectContaining({ code: 'AGENT_REVOKED' })])
})
