import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { DisplayKey } from '../../../src/agent/queue/display/display-key.ts'
import type { OrderSourceSettings } from '../../../src/config/order-settings.ts'
import { type Clock, systemClock, type Timer } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { codeOf, Hl7Sender, textOf } from '../../support/peers/hl7-sender.ts'
import { ordersOf, TEST_NAMES, type TestOrders } from '../../support/peers/orders-of.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const TODAY = new Date().toISOString().slice(0, 10).replaceAll('-', '')

async function sourceOf(addresses = ['127.0.0.0/8']): Promise<OrderSourceSettings> {
  const hl7 = {
    host: '127.0.0.1',
    port: await freePort(),
    addresses,
    messageBytes: 1024 ** 2,
    idleMs: 60_000,
  }
  return { name: 'ris', kind: 'hl7', hl7 }
}

const header = (type: string, id: string): string =>
  `MSH|^~\\&|RIS|H|FERRY|C|${TODAY}0800||${type}|${id}|P|2.5`
const PID = 'PID|1||P1^^^HIS^MR||张^三||19700102|M'
const order = (id: string, control = 'NW', accession = 'A1'): string =>
  [
    header('ORM^O01', id),
    PID,
    'PV1|1|O||||||D7^李^四',
    `ORC|${control}|PL-${accession}|FI-${accession}`,
    `OBR|1|PL-${accession}|FI-${accession}|G1^胃镜^L^G2^gastroscopy^L||||||||||||||${accession}|RP1|SPS1||||ES|||^^^${TODAY}0930`,
    'ZDS|1.2.3.4^^Application^DICOM',
  ].join('\r')

const senderTo = ({ orders }: TestOrders): Hl7Sender => new Hl7Sender(orders.ports.get('ris') ?? 0)

test('an order by HL7 is answered AA, matched, and known again after a restart', async () => {
  using folder = tempFolder()
  const source = await sourceOf()
  {
    await using agent = await ordersOf({ folder: folder.path, sources: [source] })
    await using sender = senderTo(agent)
    expect(codeOf(await sender.send(order('1'), 'gbk'))).toBe('AA')
  }
  await using agent = await ordersOf({ folder: folder.path, sources: [source] })
  expect(agent.orders.match({ accessionNumber: 'A1' })).toEqual({
    found: 'one',
    order: {
      source: 'ris',
      key: 'PL-A1/SPS1',
      patient: { name: '张^三', id: 'P1', issuer: 'HIS', birthDate: '19700102', sex: 'M' },
      accessionNumber: 'A1',
      studyInstanceUid: '1.2.3.4',
      requestedProcedureId: 'RP1',
      description: '胃镜',
      modality: 'ES',
      scheduledAt: `${TODAY.replace(/(....)(..)(..)/, '$1-$2-$3')}T09:30:00`,
      referringPhysician: '李^四',
    },
  })
})

test('the same message again, after a restart too, has the same bytes as answer and no second effect', async () => {
  using folder = tempFolder()
  const source = await sourceOf()
  const first = await (async () => {
    await using agent = await ordersOf({ folder: folder.path, sources: [source] })
    await using sender = senderTo(agent)
    const answer = await sender.send(order('7'))
    await sender.send(order('8', 'CA'))
    expect(await sender.send(order('7'))).toEqual(answer)
    expect(agent.orders.match({ accessionNumber: 'A1' })).toMatchObject({ found: 'none' })
    return answer
  })()
  await using agent = await ordersOf({ folder: folder.path, sources: [source] })
  await using sender = senderTo(agent)
  expect(await sender.send(order('7'))).toEqual(first)
  expect(agent.orders.match({ accessionNumber: 'A1' })).toMatchObject({ found: 'none' })
  // The counter of the sender began again: another message with a known number counts.
  expect(codeOf(await sender.send(order('7', 'NW', 'A2')))).toBe('AA')
  expect(agent.orders.match({ accessionNumber: 'A2' })).toMatchObject({ found: 'one' })
})

test('a merge counts for later matches, and new values of a patient for known orders', async () => {
  using folder = tempFolder()
  const source = await sourceOf()
  {
    await using agent = await ordersOf({ folder: folder.path, sources: [source] })
    await using sender = senderTo(agent)
    await sender.send(order('1'))
    await sender.send([header('ADT^A08', '2'), PID.replace('张^三', '张^三丰')].join('\r'))
    expect(agent.orders.match({ patientId: 'P1' })).toMatchObject({ order: { patient: { name: '张^三丰' } } })
    const merge = [header('ADT^A40^ADT_A39', '3'), 'PID|1||P9^^^HIS||张^三丰', 'MRG|P1^^^HIS'].join('\r')
    expect(codeOf(await sender.send(merge))).toBe('AA')
  }
  await using agent = await ordersOf({ folder: folder.path, sources: [source] })
  for (const patientId of ['P1', 'P9'])
    expect(agent.orders.match({ patientId, issuer: 'HIS' })).toMatchObject({
      order: { patient: { id: 'P9' } },
    })
})

test('messages that cannot be taken are answered AR with the reason, and other events of ADT with AA', async () => {
  using folder = tempFolder()
  await using agent = await ordersOf({ folder: folder.path, sources: [await sourceOf()] })
  await using sender = senderTo(agent)
  for (const [text, reason] of [
    [header('SIU^S12', '1'), 'SIU S12 are not taken'],
    [header('ORM^O01', '2'), 'no PID'],
    [[header('ORM^O01', '3'), PID].join('\r'), 'without ORC and OBR'],
    [[header('ADT^A40', '4'), PID].join('\r'), 'without MRG'],
  ] as const) {
    const answer = await sender.send(text)
    expect([codeOf(answer), textOf(answer)]).toEqual(['AR', expect.stringContaining(reason)])
  }
  expect(agent.alarms()).toEqual([{ code: 'MESSAGE_INVALID', subject: 'ris' }])
  expect(codeOf(await sender.send([header('ADT^A04', '5'), PID].join('\r')))).toBe('AA')
  expect(agent.alarms()).toEqual([])
})

test('a report with traps of GBK comes whole, and an unknown study is answered AE until it is known', async () => {
  using folder = tempFolder()
  let isKnown = false
  await using agent = await ordersOf({
    folder: folder.path,
    sources: [await sourceOf()],
    takeReport: () => {
      if (!isKnown) throw new Failure('REPORT_UNASSIGNED', 'taking a report: no study is known')
    },
  })
  await using sender = senderTo(agent)
  // Characters whose second byte in GBK is 5C, 7C, 5E, 7E.
  const traps = new TextDecoder('gb18030').decode(Buffer.of(0x81, 0x5c, 0x81, 0x7c, 0x81, 0x5e, 0x81, 0x7e))
  const pdf = Buffer.from('%PDF-1.4\n%%EOF\n')
  const report = [
    header('ORU^R01', '9'),
    PID,
    'OBR|1|||G1^胃镜||||||||||||||A1|||||||F',
    `OBX|1|TX|F1^所见||${traps}~第二行\\.br\\第三行||||||F`,
    `OBX|2|ED|PDF||RIS^application^pdf^Base64^${pdf.toString('base64')}||||||F`,
  ].join('\r')
  const refused = await sender.send(report, 'gbk')
  expect([codeOf(refused), textOf(refused)]).toEqual(['AE', 'taking a report: no study is known'])
  isKnown = true
  expect(codeOf(await sender.send(report, 'gbk'))).toBe('AA')
  expect(codeOf(await sender.send(report, 'gbk'))).toBe('AA')
  expect(agent.reports).toEqual([
    expect.objectContaining({
      accessionNumber: 'A1',
      pdfs: [pdf],
      text: `${traps}\n第二行\n第三行`,
      title: '胃镜',
    }),
  ])
  const preliminary = report.replace('|||||||F\rOBX', '|||||||P\rOBX').replace('|9|P|', '|10|P|')
  expect(codeOf(await sender.send(preliminary, 'gbk'))).toBe('AA')
  expect(agent.reports).toHaveLength(1)
})

test('without a key orders by HL7 are answered AE, and after the loss of the key they are gone and told', async () => {
  using folder = tempFolder()
  const source = await sourceOf()
  {
    await using agent = await ordersOf({ folder: folder.path, sources: [source] })
    await using sender = senderTo(agent)
    await sender.send(order('1'))
  }
  const other = { state: 'local-key', key: new DisplayKey(Buffer.alloc(32, 8)) } as const
  {
    await using agent = await ordersOf({ folder: folder.path, sources: [source], names: other })
    expect(agent.orders.list()).toEqual([])
    expect(agent.log.of('warn')).toMatchObject([{ fields: { rows: 1 } }])
  }
  await using agent = await ordersOf({
    folder: folder.path,
    sources: [source],
    names: { state: 'no-credential' },
  })
  await using sender = senderTo(agent)
  expect(codeOf(await sender.send(order('2')))).toBe('AE')
  expect(agent.alarms().map(({ code }) => code)).toContain('ORDERS_NOT_KEPT')
})

test('callers that are not on the list, and bytes that are not HL7, are turned away', async () => {
  using folder = tempFolder()
  await using agent = await ordersOf({ folder: folder.path, sources: [await sourceOf(['10.0.0.1'])] })
  const stranger = connect({ host: '127.0.0.1', port: agent.orders.ports.get('ris') ?? 0 })
  stranger.on('error', () => {})
  await new Promise((resolve) => stranger.on('close', resolve))
  expect(agent.orders.sources()[0]?.failure).toMatchObject({
    code: 'ORDERS_REFUSED',
    message: 'a call from 127.0.0.1, which is not in addresses',
  })
})

test('no name rests on the disk in clear', async () => {
  using folder = tempFolder()
  const source = await sourceOf()
  {
    await using agent = await ordersOf({ folder: folder.path, sources: [source], names: TEST_NAMES })
    await using sender = senderTo(agent)
    await sender.send(order('1'))
    const all = readdirSync(folder.path)
      .filter((name) => name.startsWith('orders.sqlite'))
      .map((name) => readFileSync(folder.join(name)))
    expect(all.length).toBeGreaterThan(1)
    for (const text of ['张', 'P1^', '19700102', 'PL-A1'])
      expect(all.some((bytes) => bytes.includes(Buffer.from(text)))).toBe(false)
  }
})

test('sockets that send half messages, garbage or too much are ended, and a good sender is served meanwhile', async () => {
  using folder = tempFolder()
  const clock = new FastEnd()
  await using agent = await ordersOf({ folder: folder.path, sources: [await sourceOf()], clock })
  const port = agent.orders.ports.get('ris') ?? 0
  const bad = [
    '\u000bMSH|half',
    'GET / HTTP/1.1\r\n\r\n',
    `\u000b${'x'.repeat(1100 * 1024)}`,
    '\u000bPID|1\u001c\r',
  ].map((text) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => {})
    socket.on('data', () => {})
    socket.write(text)
    // A reset counts as an end, so an error must not reject.
    return new Promise((resolve) => socket.on('close', resolve))
  })
  await using sender = senderTo(agent)
  expect(codeOf(await sender.send(order('1')))).toBe('AA')
  clock.end()
  await Promise.all(bad)
  expect(codeOf(await sender.send(order('2', 'NW', 'A2')))).toBe('AA')
})

test('more connections than eight are turned away', async () => {
  using folder = tempFolder()
  await using agent = await ordersOf({ folder: folder.path, sources: [await sourceOf()] })
  const senders = Array.from({ length: 8 }, () => senderTo(agent))
  for (const [i, one] of senders.entries())
    expect(codeOf(await one.send(order(String(i), 'NW', `A${i}`)))).toBe('AA')
  const ninth = connect({ host: '127.0.0.1', port: agent.orders.ports.get('ris') ?? 0 })
  ninth.on('error', () => {})
  await new Promise((resolve) => ninth.on('close', resolve))
  for (const one of senders) await one[Symbol.asyncDispose]()
})

/** The system's clock, whose long timers a test can end. */
class FastEnd implements Clock {
  readonly #calls = new Set<() => void>()

  now(): number {
    return systemClock.now()
  }

  monotonicMs(): number {
    return systemClock.monotonicMs()
  }

  after(delayMs: number, call: () => void): Timer {
    if (delayMs < 60_000) return systemClock.after(delayMs, call)
    this.#calls.add(call)
    return { cancel: () => void this.#calls.delete(call) }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal)
  }

  end(): void {
    for (const call of this.#calls) call()
  }
}
