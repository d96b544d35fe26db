import { expect, test } from '@jest/globals'
import { describeWith } from '../support/media/describe-with.ts'
import { crossMedia, mediaBreach } from '../support/media/media-crossing.ts'
import { MEDIA_PROGRAMS } from '../support/media/media-kinds.ts'

describeWith(MEDIA_PROGRAMS, 'files without DICOM', () => {
  test('a file of each kind crosses from a folder to the center, is held with its cause, or waits until it is whole', async () => {
    const crossings = await crossMedia()
    expect(
      crossings.flatMap((crossing) => {
        const breach = mediaBreach(crossing)
        return breach === undefined ? [] : [`${crossing.file.name}: ${breach}`]
      }),
    ).toEqual([])
    const crossed = crossings.filter(({ stored }) => stored !== undefined)
    expect(new Set(crossed.map(({ stored }) => stored?.sopClassUid)).size).toBe(9)
    // An instance that lacks the file's bytes is told.
    expect(mediaBreach({ ...crossings[0], isSame: false } as (typeof crossings)[0])).toMatch(/its bytes/)
  }, 200_000)
})
