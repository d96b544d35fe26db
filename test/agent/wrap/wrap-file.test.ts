import { expect, test } from '@jest/globals'
import { ANATOMIC_REGIONS } from '../../../src/agent/arrival/wrap/anatomic-region.ts'
import { wrapFile } from '../../../src/agent/arrival/wrap/wrap-file.ts'
import { memorySource } from '../../support/media/memory-source.ts'
import { smallFile, smallJpeg } from '../../support/media/small-files.ts'
import { someFacts } from '../../support/media/some-facts.ts'
import { wrapBytes } from '../../support/media/wrapped-file.ts'

test('a kind that is not wrapped ends in a failure', async () => {
  const wrapping = wrapFile(memorySource(Buffer.alloc(4)), 'zip', someFacts())
  await expect(wrapping).rejects.toMatchObject({ code: 'MEDIA_UNKNOWN' })
})

test('every region has a code of SNOMED CT', () => {
  expect(Object.values(ANATOMIC_REGIONS).filter(([code]) => !/^\d{6,18}$/.test(code))).toEqual([])
})

test('a second wrap of the same bytes gives the same UIDs and bytes', async () => {
  for (const bytes of [smallJpeg(), smallFile('png'), smallFile('pdf'), smallFile('stl')]) {
    const [first, second] = [await wrapBytes(bytes), await wrapBytes(bytes)]
    expect(second).toEqual(first)
  }
  const [one, other] = [
    await wrapBytes(smallJpeg()),
    await wrapBytes(smallJpeg(), {}, { sha256: 'cd'.repeat(32) }),
  ]
  expect(other.instances[0]?.sopInstanceUid).not.toBe(one.instances[0]?.sopInstanceUid)
})

test('a text that identifies a patient is never changed', async () => {
  const patient = { name: '张^三', id: 'A\\B' }
  await expect(wrapBytes(smallJpeg(), {}, { patient })).rejects.toMatchObject({ code: 'IDENTITY_UNUSABLE' })
})
