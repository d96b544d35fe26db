import { execFileSync } from 'node:child_process'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { TRANSFER_SYNTAX } from '../../../../src/dicom/vocabulary/transfer-syntax.ts'
import { describeWith } from '../../../support/media/describe-with.ts'
import { writeLongMp4 } from '../../../support/media/long-mp4.ts'
import { MPEG2, video } from '../../../support/media/made-video.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const GROWTH_LIMIT = 64 * MIB

interface Told {
  readonly growth: number
  readonly bytes: number
  readonly findings: readonly string[]
  readonly transferSyntaxUid: string
}

function wrapAlone(path: string): Told {
  const script = join(import.meta.dirname, '../../../support/programs/run-wrap.ts')
  const output = execFileSync(process.execPath, [script, path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return JSON.parse(output) as Told
}

describeWith(['ffmpeg'], 'a large video', () => {
  test('a video of 2 GiB is wrapped in flat memory', () => {
    using folder = tempFolder()
    writeLongMp4(folder.join('long.mp4'), 2 * GIB, 'gap')
    const told = wrapAlone(folder.join('long.mp4'))
    expect(told).toMatchObject({ findings: [], transferSyntaxUid: TRANSFER_SYNTAX.MPEG4HP41 })
    expect(told.bytes).toBeGreaterThan(2 * GIB)
    expect(told.growth).toBeLessThan(GROWTH_LIMIT)
    process.stdout.write(`2 GiB of MP4: memory grew by ${(told.growth / MIB).toFixed(1)} MiB\n`)
  }, 240_000)

  test('a video above 4 GiB has a syntax that allows several fragments, and a finding', () => {
    using folder = tempFolder()
    writeLongMp4(folder.join('longer.mp4'), 4 * GIB, 'gap')
    const told = wrapAlone(folder.join('longer.mp4'))
    expect(told).toMatchObject({
      findings: ['fragmentableSyntax'],
      transferSyntaxUid: TRANSFER_SYNTAX.MPEG4HP41F,
    })
    // Five items of 8 bytes, the offset table, and the delimiter, in addition to the head.
    const overhead = told.bytes - statSync(folder.join('longer.mp4')).size
    expect(overhead).toBeGreaterThan(7 * 8)
    expect(overhead).toBeLessThan(4096)
    expect(told.growth).toBeLessThan(GROWTH_LIMIT)
  }, 240_000)

  test('the frames of a long MPEG-2 stream are counted in flat memory', () => {
    using folder = tempFolder()
    const small = video('a.ts', MPEG2, { size: '720x576', seconds: '4' })
    const file = openSync(folder.join('long.ts'), 'w')
    const copies = Math.ceil((256 * MIB) / small.length)
    for (let copy = 0; copy < copies; copy++) writeSync(file, small)
    closeSync(file)
    const told = wrapAlone(folder.join('long.ts'))
    expect(told.findings).toEqual([])
    expect(told.growth).toBeLessThan(GROWTH_LIMIT)
    process.stdout.write(`256 MiB of MPEG-2: memory grew by ${(told.growth / MIB).toFixed(1)} MiB\n`)
  }, 240_000)
})
