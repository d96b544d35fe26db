import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { WrapHandling } from '../../../../src/agent/arrival/wrap/wrap-facts.ts'
import { describeWith } from '../../../support/media/describe-with.ts'
import { textOf } from '../../../support/media/fragments-of.ts'
import { image, pdf } from '../../../support/media/made-file.ts'
import { H264, HEVC, MOTION_JPEG, MPEG2, video } from '../../../support/media/made-video.ts'
import { smallCda, smallFile } from '../../../support/media/small-files.ts'
import { wrapBytes } from '../../../support/media/wrapped-file.ts'
import { describeWithOrthanc } from '../../../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../../../support/peers/orthanc.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const PLASMA = ['-size', '67x45', 'plasma:', '-depth', '8']

type Case = readonly [name: string, bytes: Buffer, as: WrapHandling['as']]

const files = (): readonly Case[] => [
  ['a JPEG of an endoscope', image('a.jpg', ...PLASMA), 'endoscopic'],
  ['a photograph', image('a.jpg', ...PLASMA), 'photographic'],
  ['a secondary capture', image('a.jpg', ...PLASMA), 'secondary'],
  ['a PNG', image('a.png', ...PLASMA), 'secondary'],
  ['a BMP', smallFile('bmp'), 'photographic'],
  ['a TIFF', image('a.tif', ...PLASMA), 'endoscopic'],
  ['an MP4', video('a.mp4', H264), 'endoscopic'],
  ['HEVC', video('a.mp4', HEVC), 'photographic'],
  ['MPEG-2', video('a.vob', MPEG2), 'endoscopic'],
  ['an MP4 as secondary capture', video('a.mp4', H264, { seconds: '0.5' }), 'secondary'],
  ['Motion JPEG', video('a.avi', MOTION_JPEG), 'endoscopic'],
  ['a PDF', pdf(), 'endoscopic'],
  ['a CDA', smallCda('UTF-8'), 'endoscopic'],
  ['an STL model', smallFile('stl'), 'endoscopic'],
]

/** The one part of an answer of WADO-RS. */
function partOf(body: Buffer, contentType: string): Buffer {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? ''
  const start = body.indexOf('\r\n\r\n') + 4
  return body.subarray(start, body.indexOf(`\r\n--${boundary}`, start))
}

describeWithOrthanc('wrapped files in Orthanc', () => {
  describeWith(['ffmpeg', 'convert', 'gs'], 'made by real programs', () => {
    test('Orthanc stores every wrapped kind and returns its bytes unchanged', async () => {
      await using orthanc = await Orthanc.start()
      for (const [name, bytes, as] of files()) {
        const { instances } = await wrapBytes(bytes, { as })
        for (const { file, dataSet, sopInstanceUid } of instances) {
          await orthanc.post('/instances', file)
          const [study, series] = [textOf(dataSet, '0020000d', 'UI'), textOf(dataSet, '0020000e', 'UI')]
          const response = await fetch(
            `${orthanc.dicomWebUrl}/studies/${study}/series/${series}/instances/${sopInstanceUid}`,
            { headers: { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' } },
          )
          const body = Buffer.from(await response.arrayBuffer())
          expect([name, response.status]).toEqual([name, 200])
          const returned = partOf(body, response.headers.get('content-type') ?? '')
          expect([name, returned.equals(file)]).toEqual([name, true])
        }
      }
    }, 120_000)
  })
})

describeWith(['ffmpeg', 'convert', 'gs', 'dcmdump', 'dcm2pdf'], 'wrapped files in DCMTK', () => {
  test('DCMTK finds the stream of a video, the scan of a JPEG and the document as they were in the file', async () => {
    using folder = tempFolder()
    const movie = video('a.mp4', H264)
    const fragments = await fragmentsBy(folder, 'video', movie)
    expect(fragments.map((fragment) => fragment.subarray(0, movie.length).equals(movie))).toEqual([true])
    const still = image('a.jpg', ...PLASMA)
    const [stream = Buffer.alloc(0)] = await fragmentsBy(folder, 'still', still)
    const scan = still.subarray(still.lastIndexOf(Buffer.from('ffda', 'hex')))
    expect(
      stream
        .subarray(-scan.length - (stream.at(-1) === 0 ? 1 : 0))
        .subarray(0, scan.length)
        .equals(scan),
    ).toBe(true)
    const report = pdf()
    const { instances } = await wrapBytes(report)
    writeFileSync(folder.join('report.dcm'), instances[0]?.file ?? '')
    execFileSync('dcm2pdf', [folder.join('report.dcm'), folder.join('report.pdf')])
    expect(readFileSync(folder.join('report.pdf')).subarray(0, report.length).equals(report)).toBe(true)
  })
})

/** The fragments that dcmdump writes, the offset table left out. */
async function fragmentsBy(
  folder: ReturnType<typeof tempFolder>,
  name: string,
  bytes: Buffer,
): Promise<Buffer[]> {
  const { instances } = await wrapBytes(bytes)
  writeFileSync(folder.join(`${name}.dcm`), instances[0]?.file ?? '')
  execFileSync('dcmdump', ['+W', folder.path, folder.join(`${name}.dcm`)])
  return readdirSync(folder.path)
    .filter((file) => file.startsWith(`${name}.dcm.`))
    .toSorted()
    .map((file) => readFileSync(folder.join(file)))
    .filter(({ length }) => length > 0)
}
