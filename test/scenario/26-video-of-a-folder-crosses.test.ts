import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { describeWith } from '../support/media/describe-with.ts'
import { fragmentsOf } from '../support/media/fragments-of.ts'
import { writeLongMp4 } from '../support/media/long-mp4.ts'
import { H264, video } from '../support/media/made-video.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

const MIB = 1024 ** 2
const BASELINE = ['-c:v', 'libx264', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p']
/** Size of the long video in MiB. */
const LONG = Number(process.env['FERRY_LARGE_VIDEO'] ?? 0)
const longGroup = LONG > 0 ? describe : describe.skip

const countsOf = (clinic: Clinic) => clinic.agent.service.folders(1000).folders[0]

const settingsFor = (path: string) =>
  folderSettings(path, { as: 'endoscopic', names: String.raw`^(?<patientId>P\d+)_`, withoutOrder: 'send' })

describeWith(['ffmpeg'], 'videos of a watched folder', () => {
  test('a video reaches the center byte for byte, and one without a legal syntax is held with its cause', async () => {
    using place = tempFolder()
    const path = place.join('endo')
    const log = new RecordingLog()
    const [movie, lower] = [video('a.mp4', H264), video('b.mp4', BASELINE)]
    const settings = { devices: [FOLDER_DEVICE], folders: [settingsFor(path)] }
    await using clinic = await openClinic({ settings, log })
    writeFileSync(join(path, 'P1_a.mp4'), movie)
    writeFileSync(join(path, 'P1_b.mp4'), lower)
    await until(
      () => countsOf(clinic),
      (counts) => counts?.taken === 1 && counts.held === 1,
      60_000,
    )
    await allSettled(clinic)
    const [stored, ...more] = storedAtCenter(join(clinic.folder, 'center'))
    expect([stored?.transferSyntaxUid, more.length]).toEqual([TRANSFER_SYNTAX.MPEG4HP41, 0])
    const [, stream] = fragmentsOf(readFileSync(stored?.path ?? ''))
    expect(stream?.subarray(0, movie.length).equals(movie)).toBe(true)
    const held = log.of('warn').find(({ message }) => message === 'file held')
    expect(held?.fields).toMatchObject({ code: 'VIDEO_PROFILE', reason: expect.stringContaining('Baseline') })
    const taken = log.of('info').find(({ message }) => message === 'file taken')
    expect(taken?.fields).toMatchObject({ findings: 'regionUnknown', instances: 1 })
  }, 120_000)
})

// It takes four times its size of the disk, and with 2048 MiB some minutes.
longGroup(LONG > 0 ? 'a long video' : 'a long video (FERRY_LARGE_VIDEO=2048 tries it)', () => {
  test("a long video crosses to the center's receipt, and the center stores its bytes", async () => {
    using place = tempFolder()
    const path = place.join('endo')
    const settings = { devices: [FOLDER_DEVICE], folders: [settingsFor(path)] }
    writeLongMp4(place.join('long.mp4'), LONG * MIB, 'full')
    await using clinic = await openClinic({ settings })
    renameSync(place.join('long.mp4'), join(path, 'P1_long.mp4'))
    await until(
      () => countsOf(clinic)?.taken,
      (taken) => taken === 1,
      400_000,
    )
    await allSettled(clinic, 600_000)
    const center = join(clinic.folder, 'center', 'instances')
    const stored = readdirSync(center, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.dcm'),
    )
    const file = join(center, stored ?? '')
    const { size } = statSync(join(path, 'P1_long.mp4'))
    const end = statSync(file).size - 8 - (size % 2)
    expect(await digest(file, end - size, end)).toBe(await digest(join(path, 'P1_long.mp4'), 0, size))
  }, 900_000)
})

async function digest(path: string, start: number, end: number): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path, { start, end: end - 1 })) hash.update(bytes as Buffer)
  return hash.digest('hex')
}
