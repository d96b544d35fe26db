import { expect, test } from '@jest/globals'
import { encode } from 'iconv-lite'
import type { Order } from '../../../src/agent/orders/order.ts'
import { readOrderRecord } from '../../../src/agent/orders/records/order-record.ts'
import {
  type OrderFileKind,
  readOrderFile,
  readOrderText,
} from '../../../src/agent/orders/records/read-order-file.ts'

const FORM = { fields: {}, defaults: {}, cancelled: ['cancelled'] }

const JSON_TEXT = `[{"patientName":"张三","patientId":"0012","sex":"男","birthDate":"1970-1-2",
  "accessionNumber":"A1","modality":"es","scheduledAt":"2026-12-01 08:30","status":"new"}]`
const CSV_TEXT =
  'patientName,patientId,sex,birthDate,accessionNumber,modality,scheduledDate,scheduledTime\r\n' +
  '张三,0012,M,19700102,A1,ES,2026/12/1,8:30\r\n\r\n'
const XML_TEXT = `<?xml version="1.0" encoding="GB2312"?>
<!-- daily --><orders xmlns="urn:x"><order id="7"><patientName><![CDATA[张三]]></patientName><patientId>0012</patientId>
<sex>1</sex><birthDate>19700102</birthDate><accessionNumber>A1</accessionNumber><modality>ES</modality>
<scheduledAt>202612010830</scheduledAt></order></orders>`

function ordersOf(bytes: Buffer, kind: OrderFileKind): Order[] {
  return readOrderFile(readOrderText(bytes), kind).flatMap((record) => {
    const read = readOrderRecord('ris', record, FORM)
    return 'order' in read ? [read.order] : []
  })
}

test.each([
  ['json', JSON_TEXT],
  ['csv', CSV_TEXT],
  ['xml', XML_TEXT],
] as const)('an order in %s is the same order, in UTF-8 and in GB18030', (kind, text) => {
  const expected = {
    source: 'ris',
    patient: { name: '张三', id: '0012', birthDate: '19700102', sex: 'M' },
    accessionNumber: 'A1',
    modality: 'ES',
    scheduledAt: '2026-12-01T08:30:00',
  }
  for (const encoding of ['utf8', 'gb18030'])
    expect(ordersOf(encode(text, encoding), kind)).toMatchObject([expected])
  expect(ordersOf(encode(text, 'utf16le', { addBOM: true }), kind)).toMatchObject([expected])
})

test('the list is found by its place, or if it is the only one', () => {
  const answer = '{"code":0,"data":{"list":[{"a":"1"}],"other":[]}}'
  expect(readOrderFile(answer, 'json', 'data.list')).toEqual([{ a: '1' }])
  expect(() => readOrderFile(answer, 'json', 'data.none')).toThrow('nothing is at data.none')
  expect(readOrderFile('{"code":0,"data":[{"a":"1"}]}', 'json')).toEqual([{ a: '1' }])
  expect(() => readOrderFile('{"x":[{}],"y":[{}]}', 'json')).toThrow('several lists')
  expect(readOrderFile('<r><o><a>1</a></o><o a="2"/></r>', 'xml')).toEqual([{ a: '1' }, { a: '2' }])
})

test('a field map with paths and Chinese names, and defaults, give the order', () => {
  const fields = {
    patientName: '患者.姓名',
    patientId: '患者.病历号',
    accessionNumber: '检查号',
    modality: 'x',
  }
  const record = { 患者: { 姓名: '李四', 病历号: 12 }, 检查号: 'B7' }
  expect(
    readOrderRecord('his', record, { ...FORM, fields, defaults: { modality: 'US', issuer: 'HIS' } }),
  ).toEqual({
    order: {
      source: 'his',
      key: 'B7/12//',
      patient: { name: '李四', id: '12', issuer: 'HIS' },
      accessionNumber: 'B7',
      modality: 'US',
    },
    isCancelled: false,
  })
})

test.each([
  [{ patientName: '张三' }, 'neither patientId nor accessionNumber'],
  [{ patientId: '1', birthDate: '1970-02-30' }, 'birthDate is in no known form'],
  [{ patientId: '1', sex: 'x' }, 'sex is in no known form'],
  [{ patientId: '1', scheduledAt: 'tomorrow' }, 'scheduledAt is in no known form'],
  [{ patientId: '1', studyInstanceUid: '1..2' }, 'studyInstanceUid is not a UID'],
])('a wrong record is told without its values: %j', (record, invalid) => {
  expect(readOrderRecord('ris', record, FORM)).toEqual({ invalid })
})

test('a cancelled order is known as cancelled, and an inherited name is not a value', () => {
  expect(readOrderRecord('ris', { patientId: '1', status: 'cancelled' }, FORM)).toMatchObject({
    isCancelled: true,
  })
  const fields = { patientName: 'constructor.name', patientId: 'toString' }
  expect(readOrderRecord('ris', {}, { ...FORM, fields })).toHaveProperty('invalid')
})

test.each([
  ['json', '[{"a":'],
  ['json', '[1,2]'],
  ['csv', ''],
  ['csv', 'a,b\n"1,2'],
  ['csv', 'a,b\n"1"x,2'],
  ['xml', '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'],
  ['xml', '<r>&a;</r>'],
  ['xml', '<r><a></r>'],
  ['xml', '<r/><r/>'],
  ['xml', '<r>text</r>'],
  ['xml', 'text<r><a>1</a></r>'],
  ['xml', `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`],
  ['xml', '<r a=1/>'],
] as const)('a damaged file of kind %s is refused: %s', (kind, text) => {
  expect(() => readOrderFile(text, kind)).toThrow(/reading/)
})

test('quoted values of CSV hold separators, quotes and line ends, and other separators are recognized', () => {
  expect(readOrderFile('a;b\n"1;""x""\r\ny";2\n;\n', 'csv')).toEqual([{ a: '1;"x"\r\ny', b: '2' }])
  expect(readOrderFile('a\tb\n1\t', 'csv')).toEqual([{ a: '1', b: '' }])
})

test('a text that is neither UTF-8 nor GB18030 is refused', () => {
  expect(() => readOrderText(Buffer.of(0xff, 0xff, 0x41))).toThrow('neither UTF-8 nor GB18030')
})
