import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startAgent } from '../../../src/agent/agent.ts'
import { observeCenter } from '../../../src/center/operate/observe-center.ts'
import { keepMetricsOpen } from '../../../src/console/monitoring/keep-metrics-open.ts'
import { MonitoredAgent } from '../../../src/console/monitoring/monitored-agent.ts'
import { MonitoredCenter } from '../../../src/console/monitoring/monitored-center.ts'
import { startStatusPage } from '../../../src/console/web/status-page.ts'
import { startMonitoringServer } from '../../../src/metrics/monitoring-server.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../../support/clocks/pass-time.ts'
import { until } from '../../support/clocks/until.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { describeWith } from '../../support/media/describe-with.ts'
import { CUT_OFF, FakeControlService, WELL } from '../../support/peers/fake-control-service.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { sendInstances } from '../../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic, testSettings } from '../../support/programs/clinic.ts'
import { promtoolObjections, scrape } from '../../support/programs/scrape.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const AT = { host: '127.0.0.1', port: 0, log: silentLog }
const page = { host: '127.0.0.1', port: 0, clock: systemClock, log: silentLog }
const HOUR_MS = 3_600_000
const ALARMS = {
  agentSilentMs: HOUR_MS,
  pacsAwayMs: HOUR_MS,
  agentStuckMs: HOUR_MS,
  clockOffMs: 60_000,
}

/** An agent with one listed device, and what it took; both programs are served. */
async function watched() {
  const stack = new AsyncDisposableStack()
  const devices = [{ name: 'CT room "1"', aeTitle: 'CT1', addresses: [] }]
  const clinic: Clinic = stack.use(await openClinic({ settings: { devices, unknownDevices: 'accept' } }))
  await sendInstances(clinic.agent.port, [inventedInstance(1000), inventedInstance(2000)])
  await sendInstances(clinic.agent.port, [inventedInstance(3000)], 'INVENTED^NAME')
  await allSettled(clinic)
  const status = stack.use(await startStatusPage({ ...page, service: clinic.agent.service }))
  const limits = { reserveBytes: 1024, ballastBytes: 0 }
  const folder = `${clinic.folder}/center`
  const where = { folder, publicUrl: 'https://127.0.0.1', clock: systemClock }
  const observe = () => observeCenter({ ...where, limits, alarms: ALARMS })
  const monitored = stack.use(new MonitoredCenter({ center: clinic.center, observe, reserveBytes: 1024 }))
  const center = stack.use(await startMonitoringServer({ ...AT, monitored }))
  const centerUrl = `http://127.0.0.1:${center.port}/`
  return {
    clinic,
    agentUrl: status.url,
    centerUrl,
    observe,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

describe('a pair', () => {
  let pair: Awaited<ReturnType<typeof watched>>
  beforeAll(async () => {
    pair = await watched()
  }, 60_000)
  afterAll(() => pair[Symbol.asyncDispose]())

  test('every figure of the agent is that of its status and its devices, and no label holds a UID or a word of a stranger', async () => {
    const { service } = pair.clinic.agent
    const values = await scrape(`${pair.agentUrl}metrics`)
    const { disk, ...status } = service.status()
    expect(Object.fromEntries(values)).toMatchObject({
      [`ferry_build_info{version="${status.version}"}`]: 1,
      ferry_ready: 1,
      'ferry_instances{destination="center",state="confirmed"}': 3,
      'ferry_instances{destination="center",state="queued"}': 0,
      'ferry_waiting_bytes{destination="center"}': status.waitingBytes,
      'ferry_studies{state="confirmed"}': status.studies.confirmed,
      'ferry_destination_up{destination="center"}': 1,
      ferry_disk_reserve_bytes: disk.reserveBytes,
      'ferry_disk_used_bytes{state="confirmed"}': disk.contents?.confirmedBytes,
      'ferry_device_instances_total{device="CT room \\"1\\""}': 2,
      'ferry_device_instances_total{device="unlisted"}': 1,
      'ferry_callers{state="known"}': service.devices().devices.filter(({ state }) => state === 'known')
        .length,
      'ferry_packs_delivered_total{destination="center"}': status.sinceStart.packs,
      'ferry_instances_delivered_total{destination="center"}': 3,
      'ferry_receipts_total{destination="center"}': status.sinceStart.receipts,
    })
    const taken = service.devices().devices.map(({ instances, bytes }) => ({ instances, bytes }))
    expect(taken.map(({ instances }) => instances).toSorted((a, b) => a - b)).toEqual([1, 2])
    expect(values.get('ferry_device_bytes_total{device="unlisted"}')).toBe(
      taken.find(({ instances }) => instances === 1)?.bytes,
    )
    expect(status.sinceStart.receipts).toBeGreaterThan(0)
    const names = [...values.keys()].join('\n')
    expect(names).not.toMatch(/\d+\.\d+\.\d+\.\d+|INVENTED/)
  })

  test('every figure of the center is that of its status', async () => {
    const values = await scrape(`${pair.centerUrl}metrics`)
    const { figures, agents } = await pair.observe()
    expect(Object.fromEntries(values)).toMatchObject({
      ferry_ready: 1,
      ferry_instances_stored_total: 3,
      'ferry_agents{state="approved"}': figures?.agents.approved,
      'ferry_pacs_instances{state="waiting"}': figures?.pacs.waiting,
      ferry_instances_lost: 0,
      ferry_disk_reserve_bytes: 1024,
      ferry_packs_opened_total: pair.clinic.center.counts().packs,
    })
    expect(values.get('ferry_packs_opened_total')).toBeGreaterThan(0)
    const reported = await until(
      () => scrape(`${pair.centerUrl}metrics`),
      (all) => all.has('ferry_agent_last_heartbeat_timestamp_seconds{agent="Test clinic"}'),
    )
    const { heartbeats } = await pair.observe()
    expect(reported.get('ferry_agent_disk_reserve_bytes{agent="Test clinic"}')).toBe(
      heartbeats[0]?.heartbeat.disk.reserveBytes,
    )
    expect(reported.get('ferry_agent_held_instances{agent="Test clinic"}')).toBe(0)
    expect(values.get('ferry_agent_last_contact_timestamp_seconds{agent="Test clinic"}')).toBeLessThanOrEqual(
      (agents[0]?.lastSeenAt ?? 0) / 1000,
    )
  })

  describeWith(['promtool'], 'promtool', () => {
    test('promtool has no objection to the figures of both programs, and objects to a bad name', async () => {
      // The second scrape also has the delay of the event loop.
      for (const url of [pair.agentUrl, pair.centerUrl, pair.agentUrl, pair.centerUrl]) {
        const text = await (await fetch(`${url}metrics`)).text()
        expect(promtoolObjections(text)).toBe('')
      }
      expect(promtoolObjections('# HELP a_ms A.\n# TYPE a_ms counter\na_ms 1\n')).not.toBe('')
    })
  })

  test('a center whose store is not mounted is alive and not ready', async () => {
    const seen = await pair.observe()
    const conditions = [
      {
        code: 'STORE_MISSING',
        severity: 'act',
        since: null,
        subject: null,
        values: { folder: '/data' },
        silencedUntil: null,
      } as const,
    ]
    using monitored = new MonitoredCenter({
      center: pair.clinic.center,
      observe: () => Promise.resolve({ ...seen, conditions }),
      reserveBytes: 0,
    })
    await using server = await startMonitoringServer({ ...AT, monitored })
    const url = `http://127.0.0.1:${server.port}/`
    const ready = await fetch(`${url}readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toMatch(/^STORE_MISSING: \S.*\n$/)
    expect((await fetch(`${url}livez`)).status).toBe(200)
    const values = await scrape(`${url}metrics`)
    expect(values.get('ferry_ready')).toBe(0)
    expect(values.get('ferry_condition{code="STORE_MISSING",severity="act"}')).toBe(1)
  })
})

test('an agent without a center is alive, is not ready, and says why', async () => {
  using folder = tempFolder()
  await using agent = await startAgent(testSettings(folder.join('data')), {
    clock: systemClock,
    log: silentLog,
  })
  using monitored = new MonitoredAgent(agent.service)
  await using server = await startMonitoringServer({ ...AT, monitored })
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`)
  expect((await ask('/livez')).status).toBe(200)
  const ready = await ask('/readyz')
  expect([ready.status, await ready.text()]).toEqual([
    503,
    'NOT_ENROLLED: this agent belongs to no center yet\n',
  ])
  expect(agent.service.status().notReady).toEqual([
    { code: 'NOT_ENROLLED', reason: 'this agent belongs to no center yet' },
  ])
  expect((await ask('/')).status).toBe(404)
  expect((await fetch(`http://127.0.0.1:${server.port}/metrics`, { method: 'POST' })).status).toBe(405)
})

test('each problem of the status is a condition with its code, severity and begin', async () => {
  const service = new FakeControlService()
  service.state = CUT_OFF
  await using status = await startStatusPage({ ...page, service })
  const values = await scrape(`${status.url}metrics`)
  expect(values.get('ferry_condition{code="CENTER_UNREACHABLE",severity="act"}')).toBe(1)
  expect(
    values.get('ferry_condition_since_timestamp_seconds{code="CENTER_UNREACHABLE",severity="act"}'),
  ).toBe((WELL.now - 2 * 3_600_000) / 1000)
  expect(values.get('ferry_destination_up{destination="center"}')).toBe(0)
  expect(values.get('ferry_requests_failed_total{destination="center",code="CENTER_UNREACHABLE"}')).toBe(7)
})

const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
const group = outside === undefined ? describe.skip : describe

group('an address that is not loopback', () => {
  test('a page that other machines can read keeps the metrics for this machine', async () => {
    const service = new FakeControlService()
    await using status = await startStatusPage({ ...page, host: '0.0.0.0', service })
    const { port } = new URL(status.url)
    for (const path of ['metrics', 'livez', 'readyz']) {
      expect((await fetch(`http://${outside}:${port}/${path}`)).status).toBe(403)
      expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(200)
    }
  })
})

test('a taken port is tried again until it is free', async () => {
  const [clock, log] = [new ManualClock(Date.now()), new RecordingLog()]
  const port = await freePort()
  const service = new FakeControlService()
  const taken = await startMonitoringServer({ ...AT, port, monitored: new MonitoredAgent(service) })
  const settings = { listen: { host: '127.0.0.1', port } }
  await using _ = keepMetricsOpen({ settings, monitored: new MonitoredAgent(service), clock, log })
  const lines = (message: string): number => log.lines.filter((line) => line.message === message).length
  await passTimeUntil(
    clock,
    () => lines('no metrics are served'),
    (seen) => seen === 2,
    500,
  )
  await taken[Symbol.asyncDispose]()
  await passTimeUntil(
    clock,
    () => lines('metrics are served'),
    (seen) => seen === 1,
    500,
  )
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
})
