import { expect, test } from '@jest/globals'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled } from '../support/programs/clinic.ts'
import { LINE_CUTS, LINE_SPEED } from './fault-sizes.ts'
import { KIB, NONE, openBadLine } from './support/bad-line.ts'

const CHUNK_BYTES = 64 * KIB
const SEND = { packBytes: 16 * 1024 * KIB, packMembers: 500, chunkBytes: CHUNK_BYTES, uploads: 1 }
/** A TLS record that did not come over whole is lost; all before it is kept by the center. */
const RECORD_BYTES = 16 * KIB
/** Cost of a new connection: TLS handshake, the probe, the question for the upload's offset, the head of the next chunk. */
const RECONNECTING_BYTES = 8 * KIB

test('a line that is cut in mid-chunk again and again brings everything over, less than a chunk a cut twice', async () => {
  const clock = new FastClock(LINE_SPEED)
  await using bad = await openBadLine({ clock, settings: { send: SEND } })
  const { clinic, line } = bad
  line.bytesPerSecond = 64 * KIB * LINE_SPEED
  const instance = inventedInstance(LINE_CUTS * 48 * KIB)
  const [bytesBefore, startedMs] = [line.bytesUp, clock.monotonicMs()]
  const sending = sendInstances(clinic.agent.port, [instance])
  for (let cut = 1; cut <= LINE_CUTS; cut++) {
    line.cutAfter((20 + Math.random() * 40) * KIB)
    await until(
      () => line.cuts,
      (cuts) => cuts === cut,
    )
  }
  await sending
  expect(await allSettled(clinic, 200_000)).toEqual({ ...NONE, confirmed: 1 })
  const twice = line.bytesUp - bytesBefore - instance.dataSet.length
  expect(twice / LINE_CUTS).toBeLessThan(RECORD_BYTES + RECONNECTING_BYTES)
  // A pack that comes further after each break does not wait longer each time.
  expect(clock.monotonicMs() - startedMs).toBeLessThan(LINE_CUTS * 20_000)
  const [stored] = storedAtCenter(`${clinic.folder}/center`)
  expect(stored?.dataSetSha256).toBe(sha256(instance.dataSet))
}, 600_000)

test('half-open connections are found by their silence, and what was on its way goes on over new ones', async () => {
  const clock = new FastClock(LINE_SPEED)
  await using bad = await openBadLine({ clock, settings: { send: SEND } })
  const { clinic, line, log } = bad
  await sendInstances(clinic.agent.port, [inventedInstance(KIB)])
  await allSettled(clinic)

  // Connections that are kept for the next request, and are deaf by then.
  line.goDeaf()
  const idleMs = clock.monotonicMs()
  await sendInstances(clinic.agent.port, [inventedInstance(KIB)])
  expect(await allSettled(clinic)).toEqual({ ...NONE, confirmed: 2 })
  expect(clock.monotonicMs() - idleMs).toBeGreaterThan(60_000)

  // A connection in the middle of a chunk.
  line.bytesPerSecond = 16 * KIB * LINE_SPEED
  const bytesBefore = line.bytesUp
  await sendInstances(clinic.agent.port, [inventedInstance(200 * KIB)])
  await until(
    () => line.bytesUp - bytesBefore,
    (bytes) => bytes > 100 * KIB,
  )
  line.goDeaf()
  line.bytesPerSecond = Number.POSITIVE_INFINITY
  const midChunkMs = clock.monotonicMs()
  expect(await allSettled(clinic)).toEqual({ ...NONE, confirmed: 3 })
  expect(clock.monotonicMs() - midChunkMs).toBeGreaterThan(50_000)
  expect(clock.monotonicMs() - midChunkMs).toBeLessThan(150_000)
  const reasons = log.of('warn').map(({ fields }) => fields['reason'])
  expect(reasons).toContainEqual(expect.stringContaining('nothing moved for 60 s'))
}, 300_000)
