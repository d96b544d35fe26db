import { expect, test } from '@jest/globals'
import { DeviceList } from '../../../src/agent/arrival/device-list.ts'
import { DeviceWatch } from '../../../src/agent/arrival/device-watch.ts'
import { deviceViews } from '../../../src/agent/control/device-views.ts'
import { openQueue } from '../../../src/agent/queue/open-queue.ts'
import type { CallerTrouble } from '../../../src/dimse/association/caller-trouble.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { tempFolder } from '../../support/temp-folder.ts'

function storageFailed(failure: Error): never {
  throw failure
}

async function open() {
  const [folder, clock] = [tempFolder(), new ManualClock()]
  const queue = await openQueue(folder.path, clock, ['center'])
  const listed = [{ name: 'CT', aeTitle: 'CT1', addresses: ['192.0.2.1'] }]
  const devices = new DeviceList(listed, false, ['FERRY'])
  const { sightings, devices: records, ignoredCallers } = queue
  const watch = new DeviceWatch({ devices, records, sightings, clock, storageFailed })
  const views = () => {
    watch.flush()
    return deviceViews({
      silentAfterMs: 3_600_000,
      list: devices,
      sightings: sightings.list(),
      records: records.list(),
      ignored: ignoredCallers.list(),
    })
  }
  const dispose = (): void => {
    queue[Symbol.dispose]()
    folder[Symbol.dispose]()
  }
  return { clock, watch, sightings, views, [Symbol.dispose]: dispose }
}

const scan = (i: number): CallerTrouble => ({
  kind: 'silent',
  peerAddress: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
  words: 'it connected and sent nothing',
})

test('a scan of ports from 100,000 addresses leaves at most 100 rows, and the listed device that was there before', async () => {
  using site = await open()
  site.watch.callerTroubled({ kind: 'request', peerAddress: '192.0.2.1', words: 'broken' })
  const longest = { ms: 0 }
  for (let i = 0; i < 100_000; i++) {
    if (i % 100 === 0) site.clock.advance(100)
    const before = performance.now()
    site.watch.callerTroubled(scan(i))
    longest.ms = Math.max(longest.ms, performance.now() - before)
  }
  const rows = site.views()
  expect(rows.filter(({ state }) => state === 'unnamed').length).toBeLessThanOrEqual(100)
  expect(rows.filter(({ name }) => name === 'CT')).toMatchObject([
    {
      state: 'refused',
      callingAeTitle: 'CT1',
      rejections: 1,
      problem: { kind: 'request', detail: 'broken' },
    },
  ])
  expect(longest.ms).toBeLessThan(5_000)
}, 60_000)

test('troubles within one second are written together, and each is counted', async () => {
  using site = await open()
  for (let i = 0; i < 500; i++)
    site.watch.callerTroubled({
      kind: 'request',
      peerAddress: '192.0.2.1',
      callingAeTitle: 'CT1',
      words: `${i}`,
    })
  expect(site.sightings.list()).toMatchObject([{ rejections: 1 }])
  expect(site.views()).toMatchObject([{ rejections: 500, problem: { detail: '499' } }])
})

test('a call that is let in after trouble has the last word, also when the trouble was not written yet', async () => {
  using site = await open()
  const trouble = { kind: 'request', peerAddress: '192.0.2.1', callingAeTitle: 'CT1', words: 'x' } as const
  site.watch.callerTroubled(trouble)
  site.watch.callerTroubled(trouble)
  const caller = { callingAeTitle: 'CT1', calledAeTitle: 'FERRY', peerAddress: '192.0.2.1' }
  site.watch.called({ ...caller, peerPort: 1, contexts: [] }, undefined)
  expect(site.views()).toMatchObject([
    { state: 'known', rejections: 2, associations: 1, lastRejection: null },
  ])
})

test('a refused context is the last problem of a device that is let in', async () => {
  using site = await open()
  const caller = { callingAeTitle: 'CT1', calledAeTitle: 'FERRY', peerAddress: '192.0.2.1' }
  site.watch.called({ ...caller, peerPort: 1, contexts: [] }, undefined)
  site.watch.callerTroubled({ kind: 'contexts', ...caller, words: 'it has no transfer syntax' })
  expect(site.views()).toMatchObject([{ state: 'known', rejections: 0, problem: { kind: 'contexts' } }])
})
