import { expect, test } from '@jest/globals'
import type { Order } from '../../../src/agent/orders/order.ts'
import { OrderBook, type OrderMatch, type OrderQuestion } from '../../../src/agent/orders/order-book.ts'

const NOW = Date.parse('2026-12-01T09:00:00')

const ZHANG: Order = {
  source: 'ris',
  key: '1',
  patient: { name: 'Zhang^San=张^三', id: 'P1', issuer: 'HIS', birthDate: '19700102', sex: 'M' },
  accessionNumber: 'A1',
  studyInstanceUid: '1.2.3.1',
  modality: 'ES',
  stationAeTitle: 'ENDO1',
  scheduledAt: '2026-12-01T09:10:00',
}
const LI: Order = {
  ...ZHANG,
  key: '2',
  patient: { name: 'Li^Si=李^四', id: 'P2', issuer: 'HIS' },
  accessionNumber: 'A2',
  studyInstanceUid: '1.2.3.2',
  stationAeTitle: 'ENDO2',
}

function bookOf(...orders: Order[]): OrderBook {
  const book = new OrderBook()
  book.put(orders, NOW)
  return book
}

const answer = (match: OrderMatch): string => (match.found === 'one' ? match.order.patient.id : match.why)
const ask = (question: OrderQuestion, ...orders: Order[]): string => answer(bookOf(...orders).match(question))
const unnamed = (order: Order, name: string): Order => ({ ...order, patient: { ...order.patient, name } })

test('an accession number names its order, whatever device and time say', () => {
  const question = { accessionNumber: ' A1 ', stationAeTitle: 'ENDO2', modality: 'US', at: 0 }
  expect(ask(question, ZHANG, LI)).toBe('P1')
})

test('an accession number that no order has is not replaced by weaker facts', () => {
  expect(ask({ accessionNumber: 'A9', patientId: 'P1', stationAeTitle: 'ENDO1', at: NOW }, ZHANG)).toBe(
    'ACCESSION_UNKNOWN',
  )
})

test('an accession number and a patient ID that contradict each other give no order', () => {
  expect(ask({ accessionNumber: 'A1', patientId: 'P2' }, ZHANG, LI)).toBe('ACCESSION_OF_OTHER_PATIENT')
})

test('two persons under one accession number give no order', () => {
  expect(ask({ accessionNumber: 'A1' }, ZHANG, { ...LI, accessionNumber: 'A1' })).toBe('ACCESSION_SEVERAL')
})

test('one order known from two sources is one order with the values of both', () => {
  const { studyInstanceUid, ...short } = { ...ZHANG, source: 'files', description: 'gastroscopy' }
  const match = bookOf(short, ZHANG).match({ accessionNumber: 'A1' })
  expect(match).toMatchObject({ found: 'one', order: { studyInstanceUid, description: 'gastroscopy' } })
})

test('two records of one ID with different names are two persons', () => {
  const other = unnamed({ ...ZHANG, source: 'files' }, 'Wang^Wu')
  expect(ask({ accessionNumber: 'A1' }, ZHANG, other)).toBe('ACCESSION_SEVERAL')
  expect(ask({ accessionNumber: 'A1' }, ZHANG, unnamed(other, '张三'))).toBe('P1')
})

test('a patient ID names the only order of that patient', () => {
  expect(ask({ patientId: 'P2', at: NOW }, ZHANG, LI)).toBe('P2')
  expect(ask({ patientId: 'P3' }, ZHANG, LI)).toBe('PATIENT_UNKNOWN')
  expect(ask({ patientId: 'P2', issuer: 'OTHER' }, ZHANG, LI)).toBe('PATIENT_UNKNOWN')
})

test('a patient ID that two issuers use gives no order without the issuer', () => {
  const same = { ...LI, patient: { ...LI.patient, id: 'P1', issuer: 'CLINIC' } }
  expect(ask({ patientId: 'P1' }, ZHANG, same)).toBe('PATIENT_SEVERAL')
  expect(ask({ patientId: 'P1', issuer: 'CLINIC' }, ZHANG, same)).toBe('P1')
})

test('an order of another modality or another day is not the order of a file of this patient', () => {
  expect(ask({ patientId: 'P1', modality: 'US', at: NOW }, ZHANG)).toBe('PATIENT_OTHER_EXAMINATION')
  expect(ask({ patientId: 'P1', at: NOW + 4 * 86_400_000 }, ZHANG)).toBe('PATIENT_OTHER_EXAMINATION')
})

test('among two orders of one patient, station and time choose, and if they do not there is no answer', () => {
  const second = {
    ...ZHANG,
    key: '3',
    accessionNumber: 'A3',
    studyInstanceUid: '1.2.3.3',
    stationAeTitle: 'ENDO2',
  }
  expect(ask({ patientId: 'P1' }, ZHANG, second)).toBe('PATIENT_SEVERAL')
  const match = bookOf(ZHANG, second).match({ patientId: 'P1', stationAeTitle: 'ENDO2' })
  expect(match).toMatchObject({ found: 'one', order: { accessionNumber: 'A3' } })
})

test('device and time name the only order near, never one of two', () => {
  expect(ask({ stationAeTitle: 'ENDO1', at: NOW }, ZHANG, LI)).toBe('P1')
  expect(ask({ modality: 'ES', at: NOW }, ZHANG, LI)).toBe('DEVICE_SEVERAL')
  expect(ask({ stationAeTitle: 'ENDO1', at: NOW + 6 * 3_600_000 }, ZHANG, LI)).toBe('DEVICE_NO_ORDER')
  expect(ask({ stationAeTitle: 'ENDO1' }, ZHANG)).toBe('NOTHING_ASKED')
})

test('an order without a time makes the answer by device uncertain and is never the answer', () => {
  const { scheduledAt: _, ...timeless } = { ...LI, stationAeTitle: 'ENDO1' }
  expect(ask({ stationAeTitle: 'ENDO1', at: NOW }, timeless)).toBe('DEVICE_NO_ORDER')
  expect(ask({ stationAeTitle: 'ENDO1', at: NOW }, ZHANG, timeless)).toBe('DEVICE_SEVERAL')
})

test('an order that names neither the station nor the modality is not found by device', () => {
  const { stationAeTitle: _s, modality: _m, ...bare } = ZHANG
  expect(ask({ stationAeTitle: 'ENDO1', at: NOW }, bare)).toBe('DEVICE_NO_ORDER')
})

test.each(['', '   ', '^', '????', '张?', '王？', 'Zhang\uFFFD', '=?=?', '\u0007张三'])(
  'a name that is empty or damaged matches nothing: %j',
  (name) => {
    const damaged = unnamed(ZHANG, name)
    for (const question of [
      { accessionNumber: 'A1' },
      { patientId: 'P1' },
      { stationAeTitle: 'ENDO1', at: NOW },
    ])
      expect(ask(question, damaged)).toBe('PATIENT_DAMAGED')
  },
)

test('an empty patient ID matches nothing', () => {
  const nameless = { ...ZHANG, patient: { ...ZHANG.patient, id: ' ' } }
  expect(ask({ accessionNumber: 'A1' }, nameless)).toBe('PATIENT_DAMAGED')
  expect(ask({ patientId: ' ' }, nameless)).toBe('NOTHING_ASKED')
})

test('an order with a damaged name still makes an answer by device uncertain', () => {
  expect(ask({ modality: 'ES', at: NOW }, ZHANG, unnamed(LI, '????'))).toBe('DEVICE_SEVERAL')
})

test('a sound record of the same order heals one with a damaged name', () => {
  const match = bookOf(unnamed({ ...ZHANG, source: 'worklist' }, '????'), ZHANG).match({
    accessionNumber: 'A1',
  })
  expect(match).toMatchObject({ found: 'one', order: { patient: { name: 'Zhang^San=张^三' } } })
})

test('after a merge the former ID means the surviving patient, along a chain and without circles', () => {
  const book = bookOf(ZHANG)
  book.merge({ formerId: 'P1', formerIssuer: 'HIS', patient: { name: '张三', id: 'P7', issuer: 'HIS' } })
  book.merge({ formerId: 'P7', formerIssuer: 'HIS', patient: { name: '', id: 'P8', issuer: 'HIS' } })
  for (const patientId of ['P1', 'P7', 'P8'])
    expect(answer(book.match({ patientId, issuer: 'HIS' }))).toBe('P8')
  expect(answer(book.match({ accessionNumber: 'A1', patientId: 'P1', issuer: 'HIS' }))).toBe('P8')
  book.merge({ formerId: 'P8', patient: { name: '张三', id: 'P1' } })
  book.merge({ formerId: 'P1', patient: { name: '张三', id: 'P8', issuer: 'CLINIC' } })
  expect(answer(book.match({ accessionNumber: 'A1' }))).toMatch(/^P[18]$/)
})

test('an order leaves 14 days after its time, and the earliest leave if there are too many', () => {
  const book = new OrderBook({ maximum: 2 })
  book.put([ZHANG, LI, { ...ZHANG, key: '3', scheduledAt: '2026-11-20' }], NOW)
  expect(book.orders().map(({ key }) => key)).toEqual(['1', '2'])
  expect(book.forgetOld(NOW + 14 * 86_400_000)).toEqual([])
  expect(book.forgetOld(NOW + 14 * 86_400_000 + 3_600_000)).toHaveLength(2)
  expect(book.count).toBe(0)
})

test('a cancelled order and a replaced order no longer match', () => {
  const book = bookOf(ZHANG, LI)
  book.put([{ ...ZHANG, accessionNumber: 'A5' }], NOW)
  book.remove('ris', '2')
  expect(answer(book.match({ accessionNumber: 'A1' }))).toBe('ACCESSION_UNKNOWN')
  expect(answer(book.match({ accessionNumber: 'A2' }))).toBe('ACCESSION_UNKNOWN')
  expect(answer(book.match({ accessionNumber: 'A5' }))).toBe('P1')
})
