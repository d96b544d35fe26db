import { expect, test } from '@jest/globals'
import { maskDisplay } from '../../src/dicom/find/mask-display.ts'
import type { OrdersView } from '../../src/protocol/orders-api.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { WELL } from '../support/peers/fake-control-service.ts'
import { runCommand } from '../support/programs/run-command.ts'

const text = (value: string) => ({ text: value, isGuess: false })
const SOURCES: OrdersView['sources'] = [
  { name: 'worklist', kind: 'worklist', orders: 1, lastSuccessAt: Date.UTC(2026, 10, 23, 1), failure: null },
  {
    name: 'his',
    kind: 'http',
    orders: 0,
    lastSuccessAt: null,
    failure: {
      code: 'ORDERS_REFUSED',
      message: 'asking for orders: HTTP 401',
      since: Date.UTC(2026, 10, 23, 1),
    },
  },
  { name: 'ris', kind: 'hl7', orders: 0, lastSuccessAt: null, failure: null },
]
const ORDER = {
  source: 'worklist',
  key: null,
  stationAeTitle: 'ES1',
  scheduledAt: '2026-11-23T09:30:00',
  studyInstanceUid: '1.2.3',
  isUsable: true,
  display: {
    patientName: text('张^三'),
    patientId: text('P12345'),
    accessionNumber: text('A1'),
    modality: text('ES'),
  },
}
const VIEW: OrdersView = {
  displayNames: 'credential',
  count: 3,
  sources: SOURCES,
  orders: [
    { ...ORDER, display: maskDisplay(ORDER.display) },
    { ...ORDER, isUsable: false, display: {} },
  ],
}

test('orders are listed masked with the state of each source, in both languages', async () => {
  await using agent = await startFakeAgent()
  expect((await runCommand(agent.path, ['orders'])).out).toContain('No source of orders is configured')
  agent.service.knownOrders = VIEW
  const { out, exitCode } = await runCommand(agent.path, ['orders'])
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^worklist \(worklist\): 1 order, last answer /m)
  expect(out).toMatch(/^his \(HTTP\): 0 orders, fails since .*refuses to answer.*HTTP 401/m)
  expect(out).toMatch(/^ris \(HL7\): 0 orders, no answer yet$/m)
  expect(out).toMatch(/2026-11-23 09:30:00 +ES1 +ES +张\*\* +\*\*\*45 +\*\*\* +worklist$/m)
  expect(out).toContain('name damaged or empty: matches nothing')
  expect(out).toContain('1 more; --limit shows them')
  const chinese = (await runCommand(agent.path, ['orders', '--lang', 'zh'])).out
  expect(chinese).toMatch(/his（?.*HTTP.*对方应答 HTTP 401/)
  expect(chinese).toContain('姓名损坏或为空')
})

test('whole names are asked for in the name of the person, and JSON is what the agent answers', async () => {
  await using agent = await startFakeAgent()
  agent.service.knownOrders = { ...VIEW, orders: [{ ...ORDER, key: 'A1/P12345' }] }
  expect((await runCommand(agent.path, ['orders', '--show-names'])).out).toMatch(/张 三 .* A1\/P12345$/m)
  expect(agent.service.shownTo).toHaveLength(1)
  const { out } = await runCommand(agent.path, ['orders', '--json'])
  expect(JSON.parse(out)).toMatchObject({
    schemaVersion: 1,
    count: 3,
    sources: [{ name: 'worklist' }, {}, {}],
  })
})

test('orders that are in memory only are told', async () => {
  await using agent = await startFakeAgent()
  agent.service.knownOrders = { ...VIEW, displayNames: 'off' }
  expect((await runCommand(agent.path, ['orders'])).out).toContain('Orders are in memory only')
})

test('a source is tested by its name, and a failing one prints cause and cure', async () => {
  await using agent = await startFakeAgent()
  agent.service.knownOrders = VIEW
  expect(await runCommand(agent.path, ['orders', 'test', 'worklist'])).toMatchObject({
    exitCode: 0,
    out: 'worklist works: 1 order known\n',
  })
  expect((await runCommand(agent.path, ['orders', 'test', 'ris'])).out).toContain('has received no message')
  const failed = await runCommand(agent.path, ['orders', 'test', 'his'])
  expect(failed.exitCode).toBe(1)
  expect(failed.err).toContain('HTTP 401')
  expect(failed.err).toContain('compare AE titles, user name, password or token')
  expect((await runCommand(agent.path, ['orders', 'test', 'his', '--lang', 'zh'])).err).toContain(
    '核对双方的 AE Title',
  )
  expect((await runCommand(agent.path, ['orders', 'test', 'nothing'])).exitCode).toBe(1)
})

test('the status has a line for each source', async () => {
  await using agent = await startFakeAgent()
  agent.service.state = { ...WELL, orderSources: SOURCES }
  const { out } = await runCommand(agent.path, ['status'])
  expect(out).toMatch(/^orders worklist +1 order, last answer /m)
  expect(out).toMatch(/^orders his +0 orders, fails since /m)
})
