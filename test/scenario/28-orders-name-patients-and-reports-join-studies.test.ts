import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { encode } from 'iconv-lite'
import type { OrderSourceSettings } from '../../src/config/order-settings.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { ServiceDataSet } from '../../src/dicom/edit/service-data-set.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { MllpReader, mllpFrame } from '../../src/hl7/mllp-reader.ts'
import { ORDER_PATHS, ordersSchema } from '../../src/protocol/orders-api.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { freePort } from '../support/peers/free-port.ts'
import {
  describeWithProgram,
  Wlmscpfs,
  type WorklistStep,
  worklistFolder,
} from '../support/peers/worklists.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { allSettled, type Clinic, openClinic, testSettings } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)
const MEMBERS = ['张', '李', '王', '赵', '陈']
const TODAY = (() => {
  const at = new Date()
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('')
})()
const hasMagick = spawnSync('convert', ['-version']).status === 0

const nameOf = (number: number): string => `${MEMBERS[number % MEMBERS.length]}^${number}号`
const step = (number: number): WorklistStep => ({
  name: nameOf(number),
  id: `P${1000 + number}`,
  accession: `A${1000 + number}`,
  uid: `1.2.826.${number}`,
  station: 'ES1',
  modality: 'ES',
  date: TODAY,
  time: '0930',
})

/** Patient, accession number and study of each instance that the center has. */
function atCenter(
  clinic: Clinic,
): { name: string; id: string; accession: string; study: string; bytes: Buffer }[] {
  return storedAtCenter(join(clinic.folder, 'center')).map(({ path }) => {
    const file = readFileSync(path)
    const header = parsePart10Header(file)
    const bytes = file.subarray(header?.headerBytes ?? 0)
    const dataSet = ServiceDataSet.read(bytes, header?.transferSyntaxUid ?? '')
    const text = (tag: number): string =>
      dataSet
        .value(tag)
        .toString('utf8')
        .replace(/[ \0]+$/, '')
    return {
      name: text(TAG.PatientName),
      id: text(TAG.PatientID),
      accession: text(TAG.AccessionNumber),
      study: text(TAG.StudyInstanceUID),
      bytes,
    }
  })
}

const group = hasMagick ? describe : describe.skip

group(hasMagick ? 'files of a folder' : 'files of a folder (not tried: ImageMagick is missing)', () => {
  describeWithProgram('/usr/bin/wlmscpfs', 'with a worklist', () => {
    test('fifty files in a mixed burst get the right patient, after a time in which the worklist is down', async () => {
      using place = tempFolder()
      const numbers = Array.from({ length: 50 }, (_, i) => i)
      // DCMTK removes the character set from every answer, so the setting names it.
      using folder = worklistFolder(numbers.map(step), 'gb18030', 'GB18030')
      await using worklist = await Wlmscpfs.start(folder.path, ['-cs0'])
      await worklist.stop()
      const source: OrderSourceSettings = {
        name: 'worklist',
        kind: 'worklist',
        worklist: {
          host: '127.0.0.1',
          port: worklist.port,
          aeTitle: 'RISWL',
          callingAeTitle: 'FERRY',
          tls: false,
          everyMs: 500,
          stations: [],
          modalities: [],
          daysBack: 1,
          daysAhead: 1,
          characterSet: 'GB18030',
        },
      }
      const watched = folderSettings(place.join('endo'), {
        as: 'endoscopic',
        names: String.raw`^((?<accessionNumber>A\d+)|(?<patientId>P\d+))_`,
      })
      await using clinic = await openClinic({
        settings: {
          devices: [FOLDER_DEVICE],
          folders: [watched],
          orders: [source],
          displayNames: 'local-key',
        },
      })
      const picture = place.join('picture.jpg')
      execFileSync('convert', ['-size', '64x48', 'xc:red', picture])
      for (const number of numbers.toSorted((a, b) => (a % 7) - (b % 7))) {
        const { accession, id } = step(number)
        copyFileSync(picture, join(watched.path, `${number % 2 === 0 ? accession : id}_${number}.jpg`))
      }
      await until(
        () => clinic.agent.service.folders(100).folders[0],
        (counts) => counts?.waiting === 50,
        40_000,
      )
      expect(atCenter(clinic)).toEqual([])
      await worklist.again()
      await until(
        () => clinic.agent.service.folders(100).folders[0],
        (counts) => counts?.taken === 50,
        40_000,
      )
      expect(await allSettled(clinic)).toMatchObject({ confirmed: 50, held: 0 })
      const stored = atCenter(clinic).map(({ name, id, accession, study }) => ({
        name,
        id,
        accession,
        study,
      }))
      const expected = numbers.map((number) => {
        const { name, id, accession, uid: study } = step(number)
        return { name, id, accession, study }
      })
      expect(stored.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected)
    }, 120_000)
  })
})

/** A PDF that is whole for a reader; its content does not matter. */
const PDF = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
)

const head = (type: string, id: string): string => `MSH|^~\\&|RIS|H|FERRY|C|${TODAY}||${type}|${id}|P|2.4`

describeWithProgram('/usr/bin/mllp_send', 'reports by HL7', () => {
  test('a report in GBK becomes a document of the study of its order, and a text without PDF a CDA', async () => {
    using place = tempFolder()
    const port = await freePort()
    const hl7 = { host: '127.0.0.1', port, addresses: ['127.0.0.1'], messageBytes: 1024 ** 2, idleMs: 60_000 }
    await using clinic = await openClinic({
      settings: { orders: [{ name: 'ris', kind: 'hl7', hl7 }], displayNames: 'local-key' },
    })
    // Characters whose second byte in GBK is 5C, 7C, 5E, 7E.
    const traps = new TextDecoder('gb18030').decode(Buffer.of(0x81, 0x5c, 0x81, 0x7c, 0x81, 0x5e, 0x81, 0x7e))
    const pid = 'PID|1||P1^^^HIS||张^三'
    const order = [
      head('ORM^O01', '1'),
      pid,
      'ORC|NW|PL1',
      `OBR|1|PL1||X^胃镜${'|'.repeat(14)}A1`,
      'ZDS|1.2.3.4',
    ].join('\r')
    const report = (id: string, ...observations: string[]): string =>
      [head('ORU^R01', id), pid, `OBR|1|PL1||X^胃镜${'|'.repeat(14)}A1|||||||F`, ...observations].join('\r')
    const send = async (text: string): Promise<string> => {
      writeFileSync(place.join('message'), mllpFrame(encode(text, 'gbk')))
      // The agent is in this process: it must be able to answer.
      return (
        await run('mllp_send', ['-p', String(port), '-f', place.join('message'), '127.0.0.1'], {
          timeout: 20_000,
        })
      ).stdout
    }
    const pdf = `OBX|1|ED|PDF||RIS^application^pdf^Base64^${PDF.toString('base64')}||||||F`
    // Before its order the report is at no study; the sender keeps it.
    expect(await send(report('0', pdf))).toContain(
      'MSA|AE|0|taking a report: neither it nor an order names the study',
    )
    expect(await send(order)).toContain('MSA|AA|1')
    expect(await send(report('2', pdf))).toContain('MSA|AA|2')
    const text = `OBX|1|TX|X^所见||${traps}~第二行||||||F`
    expect(await send(report('3', text))).toContain('MSA|AA|3')
    expect(await send(report('3', text))).toContain('MSA|AA|3')
    expect(await allSettled(clinic)).toMatchObject({ confirmed: 2 })
    const stored = atCenter(clinic)
    expect(stored.map(({ name, id, accession, study }) => [name, id, accession, study])).toEqual([
      ['张^三', 'P1', 'A1', '1.2.3.4'],
      ['张^三', 'P1', 'A1', '1.2.3.4'],
    ])
    const inside = stored.map(({ bytes }) => bytes)
    expect(inside.filter((bytes) => bytes.includes(PDF))).toHaveLength(1)
    expect(inside.filter((bytes) => bytes.includes(Buffer.from(`${traps}\n第二行`)))).toHaveLength(1)
    expect(clinic.agent.service.study('1.2.3.4')?.study).toMatchObject({ state: 'confirmed', instances: 2 })
    // dicom3tools: without it nothing is found.
    const errors = storedAtCenter(join(clinic.folder, 'center')).flatMap(({ path }) =>
      (spawnSync('dciodvfy', [path]).stderr ?? '')
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('Error')),
    )
    expect(errors).toEqual([])
  }, 90_000)
})

test('every order that was answered AA is known after kill -9', async () => {
  using place = tempFolder()
  const port = await freePort()
  const hl7 = { host: '127.0.0.1', port, addresses: ['127.0.0.1'], messageBytes: 1024 ** 2, idleMs: 60_000 }
  const orders: OrderSourceSettings[] = [{ name: 'ris', kind: 'hl7', hl7 }]
  const settings = testSettings(place.join('agent'), { orders, displayNames: 'local-key' })
  const taken: string[] = []
  {
    await using agent = await startProgram('run-agent', place.join('settings.json'), settings)
    const socket = connect({ host: '127.0.0.1', port })
    const reader = new MllpReader(1024 ** 2)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const answer of reader.push(chunk))
        taken.push(/MSA\|AA\|(\d+)/.exec(answer.toString('latin1'))?.[1] ?? '')
      if (taken.length >= 40) void agent.kill()
    })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    for (let i = 0; i < 400; i++) {
      const order = [
        head('ORM^O01', String(i)),
        `PID|1||P${i}||张^三`,
        `ORC|NW|PL${i}`,
        `OBR|1|PL${i}||X${'|'.repeat(15)}A${i}`,
      ]
      socket.write(mllpFrame(Buffer.from(order.join('\r'))))
    }
    await closed
  }
  expect(taken.length).toBeGreaterThanOrEqual(40)
  expect(taken.length).toBeLessThan(400)
  await using again = await startProgram('run-agent', place.join('settings.json'), settings)
  expect(again.port).toBeGreaterThan(0)
  const client = new ControlClient(settings.dataFolder)
  const { value } = await client.call(ordersSchema, 'POST', `${ORDER_PATHS.names}?user=test&limit=1000`)
  const known = new Set(value.orders.map(({ display }) => display.patientId?.text))
  expect(taken.filter((number) => !known.has(`P${number}`))).toEqual([])
}, 60_000)

describeWithProgram('/usr/bin/strace', 'the disk before the answer', () => {
  test('AA is written after the sync of the order that it answers', async () => {
    using place = tempFolder()
    const port = await freePort()
    const hl7 = { host: '127.0.0.1', port, addresses: ['127.0.0.1'], messageBytes: 1024 ** 2, idleMs: 60_000 }
    const orders: OrderSourceSettings[] = [{ name: 'ris', kind: 'hl7', hl7 }]
    const settings = testSettings(place.join('agent'), { orders, displayNames: 'local-key' })
    const trace = place.join('trace')
    const wrapper = [
      'strace',
      '-f',
      '-qq',
      '-y',
      '-s',
      '300',
      '-e',
      'trace=fsync,fdatasync,write,writev',
      '-o',
      trace,
    ]
    {
      await using agent = await startProgram('run-agent', place.join('settings.json'), settings, { wrapper })
      expect(agent.port).toBeGreaterThan(0)
      const socket = connect({ host: '127.0.0.1', port })
      const order = [
        head('ORM^O01', '77'),
        'PID|1||P1||张^三',
        'ORC|NW|PL1',
        `OBR|1|PL1||X${'|'.repeat(15)}A1`,
      ]
      socket.write(mllpFrame(Buffer.from(order.join('\r'))))
      await new Promise((resolve) => socket.once('data', resolve))
      socket.destroy()
    }
    const lines = readFileSync(trace, 'latin1').split('\n')
    const ready = lines.findIndex((line) => line.includes('"ready '))
    const answer = lines.findIndex((line) => line.includes('MSA|AA|77'))
    const between = lines.slice(ready, answer)
    expect([ready > 0, answer > ready]).toEqual([true, true])
    expect(between.filter((line) => /sync\(.*orders\.sqlite-wal/.test(line)).length).toBeGreaterThan(0)
  }, 60_000)
})
