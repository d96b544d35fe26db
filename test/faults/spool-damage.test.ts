import { existsSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Spool } from '../../src/agent/queue/spool/spool.ts'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

/** Four chunks of an age file, and a little of a fifth. */
const PIXEL_BYTES = 4 * 65_536 + 1000
const SUCCESS = 0

/** Every region of a spool file (docs/protocol.md), and every way in which it can get lost. `end`: its length. */
const DAMAGE: Readonly<Record<string, (path: string, end: number) => void>> = {
  'a bit of its magic': (path) => flip(path, 3),
  'a bit of its envelope': (path) => flip(path, 60),
  'a bit of the age header': (path) => flip(path, readFileSync(path).indexOf('X25519') + 20),
  'a bit of its first chunk': (path) => flip(path, 2000),
  'a bit of a chunk in the middle': (path, end) => flip(path, Math.floor(end / 2)),
  'a bit of its last chunk': (path, end) => flip(path, end - 200),
  "a bit of its trailer's digests": (path, end) => flip(path, end - 70),
  "a bit of its trailer's check": (path, end) => flip(path, end - 14),
  "a bit of its trailer's magic": (path, end) => flip(path, end - 1),
  'its last byte': (path, end) => truncateSync(path, end - 1),
  'its second half': (path, end) => truncateSync(path, Math.floor(end / 2)),
  'all its bytes': (path) => truncateSync(path, 0),
  'its name': (path) => unlinkSync(path),
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at)
  writeFileSync(path, bytes)
}

/** Paths of the spool files by SOP Instance UID. */
async function spoolFiles({ settings }: Clinic): Promise<Map<string, string>> {
  using spool = await Spool.open(join(settings.dataFolder, 'spool'))
  const paths = new Map<string, string>()
  for await (const ulid of spool.list())
    paths.set((await spool.read(ulid)).envelope.sopInstanceUid, spool.placeOf(ulid).path)
  return paths
}

/** Digests of what the center has stored, sorted. */
const atCenter = ({ folder }: Clinic): string[] =>
  storedAtCenter(join(folder, 'center'))
    .map(({ dataSetSha256 }) => dataSetSha256)
    .toSorted()

async function countAtCenter({ folder }: Clinic): Promise<{ instances: number; conflicts: number }> {
  using desk = await OperatorDesk.open({
    folder: join(folder, 'center'),
    publicUrl: 'https://127.0.0.1',
    clock: systemClock,
  })
  const { instances, held: conflicts } = await desk.status()
  return { instances, conflicts }
}

const digests = (instances: readonly { dataSet: Buffer }[]): string[] =>
  instances.map(({ dataSet }) => sha256(dataSet)).toSorted()

test('a spool file that lost anything is held and never delivered, delays nothing else, and a resend heals it', async () => {
  await using clinic = await openClinic()
  const ways = Object.entries(DAMAGE)
  const studyInstanceUid = newUid()
  const make = (count: number) =>
    Array.from({ length: count }, () => inventedInstance(PIXEL_BYTES, { studyInstanceUid }))
  const [whole, bad] = [make(3), make(ways.length)]
  await clinic.stopCenter()
  await sendInstances(clinic.agent.port, [...whole, ...bad])
  const paths = await spoolFiles(clinic)
  for (const [i, [, damage]] of ways.entries()) {
    const path = paths.get(bad[i]?.sopInstanceUid ?? '') ?? ''
    damage(path, readFileSync(path).length)
  }

  await clinic.startCenter()
  const settled = await allSettled(clinic)

  expect(settled).toMatchObject({ confirmed: whole.length, held: bad.length })
  expect(atCenter(clinic)).toEqual(digests(whole))
  const held = clinic.agent.service.queue(100).deliveries
  const reasons = new Map(held.map(({ sopInstanceUid, reasonCode }) => [sopInstanceUid, reasonCode]))
  expect(ways.map(([way], i) => [way, reasons.get(bad[i]?.sopInstanceUid ?? '')])).toEqual(
    ways.map(([way]) => [way, way === 'its name' ? 'SPOOL_FILE_MISSING' : 'SPOOL_FILE_DAMAGED']),
  )
  const alarms = clinic.agent.service.status().alarms.map(({ code, message }) => `${code} ${message}`)
  expect(alarms.toSorted()).toEqual([
    expect.stringMatching(/^SPOOL_FILE_DAMAGED 12 accepted and not confirmed, of 1 studies/),
    expect.stringMatching(/^SPOOL_FILE_MISSING 1 accepted and not confirmed, of 1 studies/),
  ])

  const again = await sendInstances(clinic.agent.port, [...whole, ...bad])
  expect(again.map(({ status }) => status)).toEqual(Array(whole.length + bad.length).fill(SUCCESS))
  expect(await allSettled(clinic)).toEqual({
    queued: 0,
    sending: 0,
    delivered: 0,
    held: 0,
    confirmed: whole.length + bad.length,
  })
  expect(clinic.agent.service.status().alarms).toEqual([])
  expect(atCenter(clinic)).toEqual(digests([...whole, ...bad]))
  expect(await countAtCenter(clinic)).toEqual({ instances: whole.length + bad.length, conflicts: 0 })
  // The damaged ones are kept, for a person to look at.
  const kept = bad.filter(({ sopInstanceUid }) => existsSync(paths.get(sopInstanceUid) ?? ''))
  expect(kept).toHaveLength(bad.length - 1)

  await clinic.stopAgent()
  await clinic.startAgent()
  expect(clinic.agent.service.status()).toMatchObject({ alarms: [], deliveries: { held: 0, queued: 0 } })
}, 120_000)

test('a copy that is gone or cut off, which was not noticed yet, is replaced by a resend; a confirmed one need not be', async () => {
  await using clinic = await openClinic()
  const [confirmed, gone, cutOff] = [inventedInstance(5000), inventedInstance(5000), inventedInstance(5000)]
  await sendInstances(clinic.agent.port, [confirmed])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1 })
  await clinic.stopCenter()
  await sendInstances(clinic.agent.port, [gone, cutOff])
  const paths = await spoolFiles(clinic)
  unlinkSync(paths.get(confirmed.sopInstanceUid) ?? '')
  unlinkSync(paths.get(gone.sopInstanceUid) ?? '')
  truncateSync(paths.get(cutOff.sopInstanceUid) ?? '', 3000)

  const again = await sendInstances(clinic.agent.port, [confirmed, gone, cutOff])

  expect(again.map(({ status }) => status)).toEqual([SUCCESS, SUCCESS, SUCCESS])
  const { queued, sending, held, confirmed: settled } = clinic.agent.service.status().deliveries
  expect({ waiting: queued + sending, held, settled }).toEqual({ waiting: 2, held: 0, settled: 1 })
  await clinic.startCenter()
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 3, held: 0 })
  expect(clinic.agent.service.status().alarms).toEqual([])
  expect(atCenter(clinic)).toEqual(digests([confirmed, gone, cutOff]))
}, 120_000)
