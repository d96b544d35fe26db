import { expect, test } from '@jest/globals'
import { Leaks } from '../../bench/deid/leaks.ts'
import { openObject } from '../../bench/deid/open-object.ts'
import { PEOPLE } from '../../bench/deid/people.ts'
import { runPlanted } from '../../bench/deid/planted-benchmark.ts'
import { plantedSet } from '../../bench/deid/planted-set.ts'
import { type HardTally, runHardCases } from '../../bench/deid/run-hard-cases.ts'
import { Score } from '../../bench/deid/score.ts'
import { scorePixels } from '../../bench/deid/score-pixels.ts'

const OBJECTS = 40
const LARGEST_BYTES = 60_000

test(`identities planted into ${OBJECTS} objects are gone, all that had to stay stays, and another machine does the same`, async () => {
  const outcome = await runPlanted({
    objects: OBJECTS,
    largestBytes: LARGEST_BYTES,
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

test('an object that leaves as it came has everything wrong but what had to stay', () => {
  const [score, leaks] = [new Score(), new Leaks()]
  for (const planted of plantedSet(12, LARGEST_BYTES)) {
    const unchanged = openObject(planted.file)
    score.object(planted, unchanged, leaks.searchFor(planted.person))
    scorePixels(score, planted, unchanged, unchanged, false)
  }
  const right = Object.fromEntries(Array.from(score.tallies, ([kind, tally]) => [kind, tally.right]))
  expect(right).toMatchObject({ removed: 0, 'date shifted': 0, 'UID changed': 0, 'pixels hidden': 0 })
  expect(score.tallies.get('retained')).toEqual({ actions: right['retained'], right: right['retained'] })
})

const sumOf = (byKind: ReadonlyMap<string, HardTally>, key: keyof HardTally): number =>
  Array.from(byKind.values(), (tally) => tally[key]).reduce((sum, count) => sum + count, 0)

test('objects of every kind that is easily overlooked leave whole and without identity, or not at all', () => {
  const { byKind, wrong } = runHardCases(PEOPLE.slice(0, 4))
  expect(wrong).toEqual([])
  expect([sumOf(byKind, 'leaks'), sumOf(byKind, 'incomplete')]).toEqual([0, 0])
  expect(byKind.size).toBeGreaterThanOrEqual(23)
  for (const tally of byKind.values()) expect(tally.foundBefore).toBeGreaterThan(0)
}, 60_000)

test('an object of these kinds that leaves as it came is always found, and so is one that is cut', () => {
  const [unchanged, cut] = [
    runHardCases(PEOPLE.slice(0, 2), ({ dataSet }) => dataSet),
    runHardCases(PEOPLE.slice(0, 2), () => Buffer.alloc(0)),
  ]
  expect(sumOf(unchanged.byKind, 'right')).toBe(0)
  expect(sumOf(cut.byKind, 'right')).toBe(0)
}, 60_000)
