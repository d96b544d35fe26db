import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { OrderSourceSettings } from '../../../src/config/order-settings.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { until } from '../../support/clocks/until.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { ordersOf } from '../../support/peers/orders-of.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const MINUTE_MS = 60_000
const listed = (accessionNumber: string, patientName = '张三'): string =>
  JSON.stringify([{ patientName, patientId: `P-${accessionNumber}`, accessionNumber }])

function filesIn(folder: string): OrderSourceSettings {
  return {
    name: 'ris',
    kind: 'files',
    files: { folder, everyMs: MINUTE_MS, fields: {}, defaults: {}, cancelled: [] },
  }
}

const first = (agent: Awaited<ReturnType<typeof ordersOf>>) => agent.orders.sources()[0]

test('orders are used while their source is down, after a restart too, and an alarm tells it after 15 minutes', async () => {
  using folder = tempFolder()
  using inbox = tempFolder()
  writeFileSync(inbox.join('a.json'), listed('A1'))
  const sources = [filesIn(inbox.path)]
  const clock = new ManualClock(Date.now())
  {
    await using agent = await ordersOf({ folder: folder.path, sources, clock })
    await until(
      () => first(agent)?.orders,
      (count) => count === 1,
    )
    expect(first(agent)).toMatchObject({ kind: 'files', failure: undefined, lastSuccessAt: clock.now() })
  }
  rmSync(inbox.path, { recursive: true })
  await using agent = await ordersOf({ folder: folder.path, sources, clock })
  await until(
    () => first(agent)?.failure?.code,
    (code) => code === 'ORDERS_UNREACHABLE',
  )
  expect(agent.orders.match({ accessionNumber: 'A1' })).toMatchObject({ found: 'one' })
  expect(agent.alarms()).toEqual([])
  clock.advance(16 * MINUTE_MS)
  await agent.orders.test('ris')
  expect(agent.alarms()).toEqual([{ code: 'ORDERS_UNREACHABLE', subject: 'ris' }])
})

test('a source that is back clears its alarm, and a record that is wrong is one until it is right', async () => {
  using folder = tempFolder()
  using inbox = tempFolder()
  const clock = new ManualClock(Date.now())
  await using agent = await ordersOf({ folder: folder.path, sources: [filesIn(inbox.path)], clock })
  writeFileSync(inbox.join('a.json'), '[{"patientName":"张三"}]')
  expect((await agent.orders.test('ris')).failure).toMatchObject({
    code: 'ORDERS_INVALID',
    message: 'a file: record 1: neither patientId nor accessionNumber',
  })
  expect(agent.alarms()).toEqual([{ code: 'ORDERS_INVALID', subject: 'ris' }])
  writeFileSync(inbox.join('a.json'), listed('A10'))
  expect((await agent.orders.test('ris')).failure).toBeUndefined()
  expect(agent.alarms()).toEqual([])
  await expect(agent.orders.test('other')).rejects.toThrow('there is none of this name; there are ris')
})

test('a corrected order replaces the earlier one of its accession number', async () => {
  using folder = tempFolder()
  using inbox = tempFolder()
  const source = { ...filesIn(inbox.path) }
  await using agent = await ordersOf({ folder: folder.path, sources: [source] })
  writeFileSync(
    inbox.join('a.json'),
    JSON.stringify([{ patientName: '张三', patientId: 'P1', accessionNumber: 'A1' }]),
  )
  await agent.orders.test('ris')
  writeFileSync(
    inbox.join('a.json'),
    JSON.stringify([{ patientName: '李四四', patientId: 'P2', accessionNumber: 'A1' }]),
  )
  await agent.orders.test('ris')
  expect(agent.orders.match({ accessionNumber: 'A1' })).toMatchObject({ order: { patient: { id: 'P2' } } })
  expect(agent.orders.list()).toHaveLength(1)
})

test('where names are off, orders are in memory only and those of earlier times are removed', async () => {
  using folder = tempFolder()
  using inbox = tempFolder()
  writeFileSync(inbox.join('a.json'), listed('A1'))
  const sources = [filesIn(inbox.path)]
  {
    await using agent = await ordersOf({ folder: folder.path, sources })
    await until(
      () => first(agent)?.orders,
      (count) => count === 1,
    )
    expect(existsSync(folder.join('orders.sqlite'))).toBe(true)
  }
  await using agent = await ordersOf({ folder: folder.path, sources, names: { state: 'off' } })
  await until(
    () => first(agent)?.orders,
    (count) => count === 1,
  )
  expect(readdirSync(folder.path).filter((name) => name.startsWith('orders'))).toEqual([])
  expect([agent.orders.areKept, agent.alarms()]).toEqual([false, []])
})

test('a damaged file of orders is moved aside and the sources are asked again', async () => {
  using folder = tempFolder()
  using inbox = tempFolder()
  writeFileSync(inbox.join('a.json'), listed('A1'))
  writeFileSync(folder.join('orders.sqlite'), 'this is not a database, whatever its name says'.repeat(20))
  await using agent = await ordersOf({ folder: folder.path, sources: [filesIn(inbox.path)] })
  await until(
    () => first(agent)?.orders,
    (count) => count === 1,
  )
  expect(readdirSync(folder.path).some((name) => name.startsWith('orders.sqlite.damaged-'))).toBe(true)
  expect(agent.log.of('error')).toMatchObject([{ message: 'the file of orders was damaged and moved aside' }])
})

test('a port that another program has is an alarm, and the agent runs on', async () => {
  using folder = tempFolder()
  const port = await freePort()
  const hl7 = { host: '127.0.0.1', port, addresses: ['127.0.0.1'], messageBytes: 1024, idleMs: 1000 }
  const source: OrderSourceSettings = { name: 'ris', kind: 'hl7', hl7 }
  using other = tempFolder()
  await using holder = await ordersOf({ folder: other.path, sources: [source] })
  await using agent = await ordersOf({ folder: folder.path, sources: [source] })
  expect(first(holder)?.failure).toBeUndefined()
  expect(first(agent)?.failure?.code).toBe('PORT_IN_USE')
  expect(agent.alarms()).toEqual([{ code: 'PORT_IN_USE', subject: 'ris' }])
})
