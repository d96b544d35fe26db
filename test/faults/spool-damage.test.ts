import { existsSync, truncateSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { bytesOf, change, type Spooled, spooledIn } from '../support/instances/spooled.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'

/** Four chunks of an age file, and a little of a fifth. */
const PIXEL_BYTES = 4 * 65_536 + 1000
/** Length of an instance that gets a file of its own. */
const LARGE_PIXEL_BYTES = 4.2 * 1024 * 1024
const SUCCESS = 0

/** Every region of a spool file (docs/protocol.md), and every way in which it can get lost. `end`: its length. */
const DAMAGE: Readonly<Record<string, (one: Spooled) => void>> = {
  'a bit of its magic': (one) => flip(one, 3),
  'a bit of its envelope': (one) => flip(one, 60),
  'a bit of the age header': (one) => flip(one, bytesOf(one).indexOf('X25519') + 20),
  'a bit of its first chunk': (one) => flip(one, 2000),
  'a bit of a chunk in the middle': (one) => flip(one, Math.floor(one.bytes / 2)),
  'a bit of its last chunk': (one) => flip(one, one.bytes - 200),
  "a bit of its trailer's digests": (one) => flip(one, one.bytes - 70),
  "a bit of its trailer's check": (one) => flip(one, one.bytes - 14),
  "a bit of its trailer's magic": (one) => flip(one, one.bytes - 1),
  'its last byte': (one) => lose(one, one.bytes - 1),
  'its second half': (one) => lose(one, Math.floor(one.bytes / 2)),
  'all its bytes': (one) => lose(one, 0),
}

/** Damage that only a file of its own can have. */
const DAMAGE_OF_FILES: typeof DAMAGE = {
  ...DAMAGE,
  'its name': ({ path }) => unlinkSync(path),
}

const flip = (one: Spooled, at: number): void =>
  change(one, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at))

/** Loses all bytes from here on: the file ends, or its blocks are zeros. */
function lose(one: Spooled, from: number): void {
  if (one.offset === 0) truncateSync(one.path, from)
  else change(one, (bytes) => bytes.fill(0, from))
}

const large = () => inventedInstance(LARGE_PIXEL_BYTES)

/** Instances in the spool by SOP Instance UID. */
const spooledBy = ({ settings }: Clinic): Map<string, Spooled> =>
  new Map(spooledIn(join(settings.dataFolder, 'spool')).map((one) => [one.envelope.sopInstanceUid, one]))

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

test.each([
  ['a segment', PIXEL_BYTES, DAMAGE, 0],
  ['files of their own', LARGE_PIXEL_BYTES, DAMAGE_OF_FILES, 1],
])(
  'an instance in %s that lost anything is held and never delivered, delays nothing else, and a resend heals it',
  async (_, bytes, damages, missing) => {
    await using clinic = await openClinic()
    const ways = Object.entries(damages)
    const studyInstanceUid = newUid()
    const make = (count: number) =>
      Array.from({ length: count }, () => inventedInstance(bytes, { studyInstanceUid }))
    const [whole, bad] = [make(3), make(ways.length)]
    await clinic.stopCenter()
    await sendInstances(clinic.agent.port, [...whole, ...bad])
    const spooled = spooledBy(clinic)
    for (const [i, [, damage]] of ways.entries()) {
      const one = spooled.get(bad[i]?.sopInstanceUid ?? '')
      if (one !== undefined) damage(one)
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
    const expected = [
      expect.stringMatching(/^SPOOL_FILE_DAMAGED 12 accepted and not confirmed, of 1 studies/),
      expect.stringMatching(/^SPOOL_FILE_MISSING 1 accepted and not confirmed, of 1 studies/),
    ]
    expect(alarms.toSorted()).toEqual(expected.slice(0, 1 + missing))

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
    const kept = bad.filter(({ sopInstanceUid }) => existsSync(spooled.get(sopInstanceUid)?.path ?? ''))
    expect(kept).toHaveLength(bad.length - missing)

    await clinic.stopAgent()
    await clinic.startAgent()
    expect(clinic.agent.service.status()).toMatchObject({ alarms: [], deliveries: { held: 0, queued: 0 } })
  },
  120_000,
)

test('a copy that is gone or cut off, which was not noticed yet, is replaced by a resend; a confirmed one need not be', async () => {
  await using clinic = await openClinic()
  const [confirmed, gone, cutOff] = [large(), large(), large()]
  await sendInstances(clinic.agent.port, [confirmed])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1 })
  await clinic.stopCenter()
  await sendInstances(clinic.agent.port, [gone, cutOff])
  const spooled = spooledBy(clinic)
  unlinkSync(spooled.get(confirmed.sopInstanceUid)?.path ?? '')
  unlinkSync(spooled.get(gone.sopInstanceUid)?.path ?? '')
  truncateSync(spooled.get(cutOff.sopInstanceUid)?.path ?? '', 3000)

  const again = await sendInstances(clinic.agent.port, [confirmed, gone, cutOff])

  expect(again.map(({ status }) => status)).toEqual([SUCCESS, SUCCESS, SUCCESS])
  const { queued, sending, held, confirmed: settled } = clinic.agent.service.status().deliveries
  expect({ waiting: queued + sending, held, settled }).toEqual({ waiting: 2, held: 0, settled: 1 })
  await clinic.startCenter()
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 3, held: 0 })
  expect(clinic.agent.service.status().alarms).toEqual([])
  expect(atCenter(clinic)).toEqual(digests([confirmed, gone, cutOff]))
}, 120_000)
