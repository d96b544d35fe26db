import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { CenterClient } from '../../src/agent/send/center-client.ts'
import { ChunkSize } from '../../src/agent/send/chunk-size.ts'
import { Pace } from '../../src/agent/send/pace.ts'
import { uploadPack } from '../../src/agent/send/tus-upload.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { KIB, NONE, openBadLine } from './support/bad-line.ts'

// On agent and center alike time passes LINE_SPEED times as fast, and the line is faster by as much.

test('over a line with two seconds of delay each way everything arrives, and nothing is taken for dead', async () => {
  await using bad = await openBadLine({ clock: new FastClock(LINE_SPEED) })
  const { clinic, line, log } = bad
  line.delayMs = 2000 / LINE_SPEED
  await sendInstances(clinic.agent.port, [inventedInstance(200 * KIB)])
  expect(await allSettled(clinic, 200_000)).toEqual({ ...NONE, confirmed: 1 })
  expect(log.of('warn')).toEqual([])
}, 300_000)

test('over a line of 1 KiB a second everything arrives, and hardly a byte of it twice', async () => {
  const clock = new FastClock(LINE_SPEED)
  await using bad = await openBadLine({ clock })
  const { clinic, line, log } = bad
  line.bytesPerSecond = KIB * LINE_SPEED
  const [startedMs, bytesBefore] = [clock.monotonicMs(), line.bytesUp]
  await sendInstances(clinic.agent.port, [inventedInstance(90 * KIB)])
  expect(await allSettled(clinic, 600_000)).toEqual({ ...NONE, confirmed: 1 })
  // It took longer than any time after which a line is taken for dead.
  expect(clock.monotonicMs() - startedMs).toBeGreaterThan(80_000)
  expect(log.of('warn')).toEqual([])
  expect(line.bytesUp - bytesBefore).toBeLessThan(120 * KIB)
}, 900_000)

test('with chunks that do not suit it such a line would be taken for dead: the test above can fail', async () => {
  const clock = new FastClock(LINE_SPEED)
  await using bad = await openBadLine({ clock })
  const { clinic, line } = bad
  line.bytesPerSecond = KIB * LINE_SPEED
  const account = await CenterAccount.open(clinic.settings.dataFolder)
  const { url, center, tlsPin } = account.address()
  const { signingKey } = account
  await using client = new CenterClient({ url, center, pins: () => [tlsPin], signingKey, clock })
  const content = randomBytes(90 * KIB)
  const upload = {
    client,
    source: { bytes: content.length, range: (from: number, to: number) => once(content.subarray(from, to)) },
    pack: newUlid(clock.now()),
    chunkSize: new LargeChunks(content.length),
    hasPriority: false,
    pace: new Pace(clock, Number.POSITIVE_INFINITY),
    clock,
    created: () => {},
    reached: () => {},
  }
  await expect(uploadPack(upload, undefined)).rejects.toMatchObject({
    code: 'CENTER_UNREACHABLE',
    message: expect.stringContaining('nothing moved for 60 s'),
  })
}, 300_000)

class LargeChunks extends ChunkSize {
  override get bytes(): number {
    return 90 * KIB
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
