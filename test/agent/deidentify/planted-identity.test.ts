import { expect, test } from '@jest/globals'
import { PEOPLE } from '../../../bench/deid/people.ts'
import { runPlanted } from '../../../bench/deid/planted-benchmark.ts'
import { openPixelCodecs } from '../../../src/agent/deidentify/pixel-codec.ts'

const OBJECTS = 40
const LARGEST_BYTES = 60_000

test(`of identities planted into ${OBJECTS} objects nothing is left, what had to stay stays, and another machine does the same`, async () => {
  const outcome = runPlanted({
    objects: OBJECTS,
    largestBytes: LARGEST_BYTES,
    codecs: await openPixelCodecs(),
  })
  expect(outcome.withheld).toEqual([])
  expect(outcome.objects).toBe(OBJECTS)
  expect(outcome.score.wrong).toEqual([])
  expect(outcome.leaking).toEqual([])
  expect(outcome.different).toEqual([])
  // The search that finds nothing now has found every plant before, and each kind of action was asked for.
  expect(outcome.foundBefore).toBeGreaterThan(OBJECTS * 50)
  expect(outcome.score.tallies.size).toBe(9)
  expect(PEOPLE.length).toBeLessThan(OBJECTS)
}, 60_000)
