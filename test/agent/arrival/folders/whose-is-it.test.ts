import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { isLeftOut, matcherOf } from '../../../../src/agent/arrival/folders/file-patterns.ts'
import { FileTaker } from '../../../../src/agent/arrival/folders/file-taker.ts'
import { findFacts } from '../../../../src/agent/arrival/folders/find-facts.ts'
import { factsFrom } from '../../../../src/agent/arrival/folders/patient-facts.ts'
import { readSidecar } from '../../../../src/agent/arrival/folders/read-sidecar.ts'
import { realPathOf } from '../../../../src/agent/arrival/folders/real-path.ts'
import { whoseIsIt } from '../../../../src/agent/arrival/folders/whose-is-it.ts'
import type { Order } from '../../../../src/agent/orders/order.ts'
import { OrderBook } from '../../../../src/agent/orders/order-book.ts'
import type { FolderSettings } from '../../../../src/config/folder-settings.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const AT = Date.parse('2026-11-30T10:00:00')

const ORDER: Order = {
  source: 'ris',
  key: '1',
  patient: { id: '4711', name: '张^三' },
  accessionNumber: 'A1',
  stationAeTitle: 'ES1',
  scheduledAt: '2026-11-30T10:10:00',
}

function bookOf(...orders: Order[]): OrderBook {
  const book = new OrderBook()
  book.put(orders, AT)
  return book
}

const FOLDER: Omit<FolderSettings, 'path'> = {
  name: 'endo',
  device: 'ES1',
  network: false,
  files: ['*'],
  stillMs: 5000,
  as: 'endoscopic',
  orientation: 'hold',
  lowerProfiles: 'hold',
  afterwards: 'keep',
  when: 'confirmed',
  withoutOrder: 'hold',
}

const asked = { stationAeTitle: 'ES1', at: AT, withoutOrder: 'hold' } as const

test('a patient that sidecar or name tell is completed by an order that agrees', () => {
  expect(whoseIsIt({ ...asked, facts: { accessionNumber: 'A1' } }, bookOf(ORDER))).toMatchObject({
    patient: { name: '张^三' },
    order: { key: '1' },
  })
  expect(whoseIsIt({ ...asked, facts: {} }, bookOf(ORDER))).toMatchObject({ order: { key: '1' } })
})

test('nothing is guessed: no order, two orders, an order for another patient', () => {
  const other = { ...ORDER, key: '2', accessionNumber: 'A2', patient: { id: '4712', name: '李^四' } }
  expect(whoseIsIt({ ...asked, facts: {} }, undefined)).toBe('NO_ORDERS')
  expect(whoseIsIt({ ...asked, facts: {} }, bookOf(ORDER, other))).toBe('DEVICE_SEVERAL')
  const contradicting = { accessionNumber: 'A1', patientId: '9' }
  expect(whoseIsIt({ ...asked, facts: contradicting, withoutOrder: 'send' }, bookOf(ORDER))).toBe(
    'ACCESSION_OF_OTHER_PATIENT',
  )
})

test('a patient ID without an order is sent only if the site has chosen so', () => {
  const facts = { patientId: '99', patientName: 'WANG^WU' }
  expect(whoseIsIt({ ...asked, facts }, bookOf(ORDER))).toBe('PATIENT_UNKNOWN')
  expect(whoseIsIt({ ...asked, facts, withoutOrder: 'send' }, bookOf(ORDER))).toEqual({
    patient: { id: '99', name: 'WANG^WU' },
    facts,
  })
})

test('facts that cannot be right make the whole record unbelievable', () => {
  expect(factsFrom({ patientId: ' 1 ', sex: '男', birthDate: '2001-02-03', patientName: '' })).toEqual({
    patientId: '1',
    sex: 'M',
    birthDate: '20010203',
  })
  for (const wrong of [
    { birthDate: '20010230' },
    { sex: 'X' },
    { accessionNumber: '12345678901234567' },
    { patientName: 'A\\B' },
    { patientId: '1\uFFFD' },
    { studyInstanceUid: '1.2.x' },
  ])
    expect(factsFrom({ patientId: '1', ...wrong })).toBeUndefined()
})

test('a sidecar is read in three forms and two encodings, and half of one is not believed', () => {
  const facts = { patientId: '4711', patientName: '张^三' }
  const gbk = Buffer.concat([
    Buffer.from('patientId;patientName\r\n4711;'),
    Buffer.from([0xd5, 0xc5, 0x5e, 0xc8, 0xfd]),
    Buffer.from('\r\n'),
  ])
  const whole = {
    json: Buffer.from('{"patientId": 4711, "patientName": "张^三"}'),
    csv: gbk,
    xml: Buffer.from('<exam><patientId>4711</patientId><patientName>张^三</patientName></exam>'),
  }
  for (const form of ['json', 'csv', 'xml'] as const) {
    expect(readSidecar(whole[form], form)).toEqual(facts)
    for (let length = 0; length < whole[form].length - 1; length++)
      expect(readSidecar(whole[form].subarray(0, length), form) ?? {}).not.toHaveProperty('patientName')
  }
  const two = '[{"patientId": "1"}, {"patientId": "2"}]'
  expect(readSidecar(Buffer.from(two), 'json')).toBeUndefined()
  expect(
    readSidecar(Buffer.from('<!DOCTYPE x [<!ENTITY e "1">]><x><patientId>&e;</patientId></x>'), 'xml'),
  ).toBe(undefined)
  expect(readSidecar(Buffer.from('{"patientId": {"a": 1}, "sex": "M"}'), 'json')).toBeUndefined()
})

test('the sidecar is trusted most, the path completes it, and a contradiction is never decided', async () => {
  using folder = tempFolder()
  mkdirSync(folder.join('P7'))
  const root = await realPathOf(folder.path)
  const factsOf = async (name: string, now = Date.now()) => {
    writeFileSync(folder.join(name), 'x')
    const file = { path: Buffer.from(name), stats: statSync(folder.join(name), { bigint: true }) }
    const names = String.raw`^(?<patientId>P\d+)/(?<studyDate>\d{8})?`
    return findFacts(root, file, { sidecar: 'json', names }, now)
  }
  writeFileSync(folder.join('P7', 'a.json'), '{"patientName": "张^三"}')
  expect(await factsOf('P7/a.jpg')).toEqual({ patientId: 'P7', patientName: '张^三' })
  writeFileSync(folder.join('P7', 'b.jpg.json'), '{"patientId": "P8"}')
  expect(await factsOf('P7/b.jpg')).toBe('FACTS_CONTRADICT')
  expect(await factsOf('P7/20261130')).toBe('SIDECAR_MISSING')
  expect(await factsOf('P7/20261130', Date.now() + 61_000)).toEqual({
    patientId: 'P7',
    studyDate: '20261130',
  })
  expect(await factsOf('P7/20261131', Date.now() + 61_000)).toBe('NAME_INVALID')
  expect(await factsOf('else', Date.now() + 61_000)).toEqual({})
})

test('patterns choose files by name or by path, and unfinished files are left out', () => {
  const match = matcherOf(['*.jpg', 'reports/**/*.pdf', 'IMG?'])
  expect(
    ['a.JPG', 'x/y.jpg', 'reports/a.pdf', 'reports/x/y/a.pdf', 'img1'].filter((one) => !match(one)),
  ).toEqual([])
  expect(['a.jpg.x', 'ajpg', 'a.pdf', 'x/reports/a.pdf', 'IMG12', 'IMG/'].filter(match)).toEqual([])
  const leftOut = ['.hidden', '~$a.doc', 'a.tmp', 'a.dcm.part', 'a.crdownload', 'a~', 'Thumbs.db', 'DICOMDIR']
  expect(leftOut.filter((name) => !isLeftOut(name))).toEqual([])
  expect(['a.dcm', 'IM0001', 'partial.jpg', 'temp'].filter(isLeftOut)).toEqual([])
})

test('device and time tell whose a file is only where neither paths nor sidecars name patients', async () => {
  using folder = tempFolder()
  writeFileSync(folder.join('a.jpg'), 'x')
  utimesSync(folder.join('a.jpg'), AT / 1000, AT / 1000)
  const root = await realPathOf(folder.path)
  const file = { path: Buffer.from('a.jpg'), stats: statSync(folder.join('a.jpg'), { bigint: true }) }
  const ownerBy = async (names?: string): Promise<unknown> => {
    const taker = new FileTaker({
      settings: { ...FOLDER, path: folder.path, names },
      device: () => ({ name: 'Endoscope', aeTitle: 'ES1', addresses: [] }),
      calledAeTitle: 'FERRY',
      take: () => Promise.reject(new Error('not taken here')),
      uidSecret: Buffer.alloc(32),
      agentId: '',
      orders: bookOf(ORDER),
      clock: systemClock,
    })
    return taker.ownerOf(root, file)
  }
  expect(await ownerBy()).toMatchObject({ order: { key: '1' } })
  expect(await ownerBy('(?<accessionNumber>A[0-9]+)')).toBe('NOTHING_ASKED')
  expect(await ownerBy('(?<patientName>a)')).toBe('NOTHING_ASKED')
})
