import { expect, test } from '@jest/globals'
import { ANATOMIC_REGIONS } from '../../../src/agent/arrival/wrap/anatomic-region.ts'
import { wrapFile } from '../../../src/agent/arrival/wrap/wrap-file.ts'
import { memorySource } from '../../support/media/memory-source.ts'
import { someFacts } from '../../support/media/some-facts.ts'

test('a kind that is not wrapped ends in a failure', async () => {
  const wrapping = wrapFile(memorySource(Buffer.alloc(4)), 'zip', someFacts())
  await expect(wrapping).rejects.toMatchObject({ code: 'MEDIA_UNKNOWN' })
})

test('every region has a code of SNOMED CT', () => {
  expect(Object.values(ANATOMIC_REGIONS).filter(([code]) => !/^\d{6,18}$/.test(code))).toEqual([])
})
