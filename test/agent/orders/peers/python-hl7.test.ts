import { expect, test } from '@jest/globals'
import type { OrderSourceSettings } from '../../../../src/config/order-settings.ts'
import { freePort } from '../../../support/peers/free-port.ts'
import { ordersOf } from '../../../support/peers/orders-of.ts'
import { describeWithPythonHl7, sendByPythonHl7 } from '../../../support/peers/python-hl7.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const TODAY = new Date().toISOString().slice(0, 10).replaceAll('-', '')
/** Characters whose second byte in GBK is 5C, 7C, 5E, 7E: `\`, `|`, `^` and `~` of HL7. */
const TRAPS = new TextDecoder('gb18030').decode(Buffer.from('815c817c815e817e', 'hex'))
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n')

async function sourceOf(): Promise<OrderSourceSettings> {
  const addresses = ['127.0.0.1']
  const hl7 = {
    host: '127.0.0.1',
    port: await freePort(),
    addresses,
    messageBytes: 1024 ** 2,
    idleMs: 60_000,
  }
  return { name: 'ris', kind: 'hl7', hl7 }
}

/** `declared` is MSH-18. */
const head = (type: string, id: string, declared = ''): string =>
  `MSH|^~\\&|RIS|H|FERRY|C|${TODAY}0800||${type}|${id}|P|2.5||||||${declared}`

const order = (id: string, name: string, declared: string): string =>
  [
    head('ORM^O01', id, declared),
    `PID|1||P${id}^^^HIS^MR||${name}||19700102|M`,
    `ORC|NW|PL${id}|FI${id}`,
    `OBR|1|PL${id}|FI${id}|G1^${TRAPS}胃镜^L||||||||||||||A${id}|RP${id}|SPS${id}||||ES|||^^^${TODAY}0930`,
    'ZDS|1.2.3.4^^Application^DICOM',
  ].join('\r')

describeWithPythonHl7('a system that sends by python3-hl7', () => {
  test.each([
    ['gb18030', 'GB 18030-2000'],
    ['gb18030', ''],
    ['gbk', ''],
    ['utf-8', 'UNICODE UTF-8'],
    ['utf-8', ''],
  ])(
    'orders in %s, declared as "%s", keep names whose bytes are signs of HL7',
    async (encoding, declared) => {
      using folder = tempFolder()
      const source = await sourceOf()
      await using agent = await ordersOf({ folder: folder.path, sources: [source] })
      const name = `张^三${TRAPS}`
      const port = agent.orders.ports.get('ris') ?? 0
      const answers = await sendByPythonHl7(port, [{ text: order('1', name, declared), encoding }])
      expect(answers).toEqual([{ code: 'AA', id: '1', text: '' }])
      expect(agent.orders.match({ accessionNumber: 'A1' })).toMatchObject({
        found: 'one',
        order: { patient: { name, id: 'P1', issuer: 'HIS' }, description: `${TRAPS}胃镜` },
      })
    },
  )

  test('orders, new values, a merge, a report and a message that is not taken are answered in their order', async () => {
    using folder = tempFolder()
    const source = await sourceOf()
    await using agent = await ordersOf({ folder: folder.path, sources: [source] })
    const pid = 'PID|1||P1^^^HIS^MR||张^三||19700102|M'
    const messages = [
      order('1', '张^三', ''),
      [head('ADT^A08', '2'), pid.replace('张^三', `张^三${TRAPS}`)].join('\r'),
      [head('ADT^A40^ADT_A39', '3'), pid.replace('P1', 'P9'), 'MRG|P1^^^HIS'].join('\r'),
      [
        head('ORU^R01', '4'),
        pid,
        `OBR|1|||G1^胃镜${'|'.repeat(14)}A1|||||||F`,
        `OBX|1|TX|F1^所见||${TRAPS}~第二行||||||F`,
        `OBX|2|ED|PDF||RIS^application^pdf^Base64^${PDF.toString('base64')}||||||F`,
      ].join('\r'),
      [head('SIU^S12', '5'), pid].join('\r'),
      order('1', '张^三', ''),
    ]
    const port = agent.orders.ports.get('ris') ?? 0
    const answers = await sendByPythonHl7(
      port,
      messages.map((text) => ({ text, encoding: 'gb18030' })),
    )
    expect(answers.map(({ code, id }) => [code, id])).toEqual([
      ['AA', '1'],
      ['AA', '2'],
      ['AA', '3'],
      ['AA', '4'],
      ['AR', '5'],
      ['AA', '1'],
    ])
    expect(answers[4]?.text).toMatch(/SIU S12 are not taken/)
    for (const patientId of ['P1', 'P9'])
      expect(agent.orders.match({ patientId, issuer: 'HIS' })).toMatchObject({
        order: { patient: { id: 'P9' }, accessionNumber: 'A1' },
      })
    expect(agent.orders.list()).toHaveLength(1)
    expect(agent.reports).toMatchObject([{ accessionNumber: 'A1', text: `${TRAPS}\n第二行`, pdfs: [PDF] }])
  })
})
