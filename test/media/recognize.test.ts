import { expect, test } from '@jest/globals'
import { newTestImage } from '../../src/dicom/edit/test-image.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { isWhole, type MediaKind, recognize } from '../../src/media/recognize.ts'
import { memorySource } from '../support/media/memory-source.ts'
import { SMALL_FILES } from '../support/media/small-files.ts'

const image = newTestImage(0)
const dicom = Buffer.concat([encodePart10Header(image), image.dataSet])
const files: readonly (readonly [MediaKind, Buffer])[] = [
  ...SMALL_FILES,
  ['dicom', dicom],
  ['dicom', dicom.subarray(128)],
  ['dicom', dicom.subarray(132)],
  ['dicom', image.dataSet],
]

test('a file is recognized by its content, and is whole', async () => {
  for (const [kind, bytes] of files) {
    expect([kind, await recognize(memorySource(bytes))]).toEqual([kind, kind])
    expect([kind, await isWhole(memorySource(bytes), kind)]).toEqual([kind, true])
  }
})

test('a file that is cut off is not whole, wherever it is cut', async () => {
  for (const [kind, bytes] of files) {
    const step = Math.max(1, Math.floor(bytes.length / 400))
    for (let length = 1; length < bytes.length; length += step) {
      const cut = memorySource(bytes.subarray(0, length))
      const found = await isWhole(cut, kind)
      expect([kind, length, typeof found]).toEqual([kind, length, 'string'])
    }
  }
})

test('bytes of no known kind are not recognized', async () => {
  for (const text of ['', 'x', 'BM', 'MZ\x90\0', '<html></html>', 'solid', '{"a": 1}', '\0'.repeat(200)])
    expect([text, await recognize(memorySource(Buffer.from(text, 'latin1')))]).toEqual([text, undefined])
})
