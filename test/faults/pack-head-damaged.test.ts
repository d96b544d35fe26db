import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { KIB, NONE, openBadLine } from './support/bad-line.ts'

const SEND = { packBytes: 16 * 1024 * KIB, packMembers: 500, chunkBytes: 64 * KIB, uploads: 1 }
const BLOCK_BYTES = 4096

/** A power cut at the center in the middle of a pack: it keeps the length of the file, and not its first block. */
test.each<[string, (file: string) => void]>([
  ['zeros in its first block', (file) => overwrite(file, 0, Buffer.alloc(BLOCK_BYTES))],
  ['other bytes in its member list', (file) => overwrite(file, 100, Buffer.from('damage'))],
])(
  'a pack that has %s after a power cut at the center is sent again, and nothing is held',
  async (_, spoil) => {
    await using bad = await openBadLine({ clock: new FastClock(LINE_SPEED), settings: { send: SEND } })
    const { clinic, line, log } = bad
    const studyInstanceUid = newUid()
    const instances = Array.from({ length: 4 }, () => inventedInstance(100 * KIB, { studyInstanceUid }))
    const packs = join(clinic.folder, 'center/packs')
    line.bytesPerSecond = 20 * KIB * LINE_SPEED
    await sendInstances(clinic.agent.port, instances)
    const [file = ''] = await until(
      () => readdirSync(packs).map((name) => join(packs, name)),
      (files) => files.some((path) => statSync(path).size > 64 * KIB),
    )
    await clinic.stopCenter()
    spoil(file)
    await clinic.startCenter()
    line.bytesPerSecond = Number.POSITIVE_INFINITY

    expect(await allSettled(clinic)).toEqual({ ...NONE, confirmed: instances.length })
    const again = log.of('warn').filter(({ fields }) => fields['code'] === 'PACK_DAMAGED')
    expect(again.length).toBeGreaterThan(0)
    expect(
      storedAtCenter(`${clinic.folder}/center`)
        .map(({ dataSetSha256 }) => dataSetSha256)
        .toSorted(),
    ).toEqual(instances.map(({ dataSet }) => sha256(dataSet)).toSorted())
  },
  120_000,
)

function overwrite(file: string, at: number, bytes: Buffer): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, bytes, 0, bytes.length, at)
  closeSync(handle)
}
