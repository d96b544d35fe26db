import { expect, test } from '@jest/globals'
import { KnownValuesCache } from '../../src/agent/deidentify/names/known-values-cache.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { KINDS, kindCase } from '../support/kinds/all-kinds.ts'
import { caseOf, inventedImage, withParts } from '../support/kinds/invented-image.ts'
import { faultsOfCopy, faultsOfReading, faultsOfTwins, leaving } from '../support/kinds/verdict.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { Random, seedOfRun } from '../support/random.ts'
import { reachableBytes } from '../support/reachable-bytes.ts'
import { TEST_KEY } from './deidentify/deidentify-element.ts'

/** FERRY_KIND_CASE tries only the case of this number, which a failure printed with its seed. */
const ONLY = process.env['FERRY_KIND_CASE']
const FIRST = Number(ONLY ?? 0)
/** A few seconds of cases, and a fifth of them in the daily gate; FERRY_KIND_CASES=100000 takes minutes. */
const CASES = ONLY === undefined ? Number(process.env['FERRY_KIND_CASES'] ?? propertyRuns(5_000)) : 1
const SEED = seedOfRun()
const SHOWN = 20
/** By this case the searches of some hundred spellings are made and kept. Fewer cases tell nothing of the memory. */
const WARM = Math.max(Math.floor(CASES / 4), 20_000)
/** A case takes a millisecond; the machine may do something else meanwhile. */
const LONGEST_MS = 5000
/** If each image left 1 KB behind, this would be exceeded by 100,000 of them. */
const MOST_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = Math.max(600_000, 10 * CASES)

const isWithoutIdentity = (number: number): boolean => Math.floor(number / KINDS.length) % 2 === 0

const pseudonym = (text: string) => ({ tag: TAG.PatientID, vr: 'LO', value: Buffer.from(text) })

const newParts = () => ({ key: TEST_KEY, knownValues: new KnownValuesCache(96) })

/** Returns why Ferry breaks a promise with this case, and whether its copy without identity left. */
function judged(number: number, parts: ReturnType<typeof newParts>) {
  const begin = performance.now()
  const made = kindCase(SEED, number)
  const faults = faultsOfReading(made, new Random(SEED + number))
  // A copy costs three readings: every second image of a kind is also sent without identity.
  const copy = isWithoutIdentity(number) ? leaving(made, parts, new Random(SEED - number)) : undefined
  if (copy !== undefined) faults.push(...faultsOfCopy(made, copy))
  if (copy !== undefined && made.twin !== undefined) {
    const twin = { ...made, dataSet: made.twin }
    faults.push(...faultsOfTwins(made, copy, leaving(twin, parts, new Random(SEED - number))))
  }
  const tookMs = performance.now() - begin
  if (tookMs > LONGEST_MS) faults.push(`it took ${Math.round(tookMs)} ms`)
  return { kind: made.kind, copy, faults }
}

test(
  `none of ${CASES} images with faults of every kind is refused, taken, named or let out wrongly (FERRY_SEED=${SEED})`,
  () => {
    const parts = newParts()
    let warmBytes = 0
    let lastBytes = 0
    const broken: string[] = []
    const outcomes = new Map(KINDS.map(({ name }) => [name, { left: 0, withheld: 0 }]))
    for (let number = FIRST; number < FIRST + CASES && broken.length < SHOWN; number++) {
      // By then what is kept of patients is kept.
      if (number === WARM) warmBytes = reachableBytes()
      if (number > WARM && number === FIRST + CASES - 1) lastBytes = reachableBytes()
      const { kind, copy, faults } = judged(number, parts)
      const outcome = outcomes.get(kind)
      if (outcome !== undefined && copy !== undefined) outcome[Buffer.isBuffer(copy) ? 'left' : 'withheld']++
      if (faults.length > 0) broken.push(`case ${number}, ${kind}: ${faults.join('; ')}`)
    }
    expect(broken).toEqual([])
    if (CASES === 1) return
    expect(lastBytes - warmBytes).toBeLessThan(MOST_BYTES)
    const both = Array.from(outcomes.values()).reduce((sum, { left, withheld }) => ({
      left: sum.left + left,
      withheld: sum.withheld + withheld,
    }))
    // Neither everything nor nothing leaves.
    expect([both.left > CASES / 20, both.withheld > CASES / 20]).toEqual([true, true])
  },
  TIMEOUT_MS,
)

test('a seed gives the same image again', () => {
  for (const number of [0, 5, 77, 1003])
    expect(kindCase(7, number).dataSet).toEqual(kindCase(7, number).dataSet)
  expect(kindCase(7, 3).dataSet).not.toEqual(kindCase(8, 3).dataSet)
})

test('the judge finds a copy that is its original, one that lacks pixels, a cut that is called whole, a wrong name, and one person who became two', () => {
  const random = new Random(3)
  const image = inventedImage(random)
  const made = caseOf(image, { isSound: true })
  const { dataSet } = made
  expect(faultsOfCopy(made, dataSet)).toEqual(['identity leaves'])
  expect(faultsOfCopy({ ...made, planted: [] }, dataSet)).toEqual([])
  expect(faultsOfCopy({ ...made, planted: [] }, dataSet.subarray(0, -20))).toContain(
    'the copy lacks pixel data',
  )
  const cut = { ...made, dataSet: dataSet.subarray(0, -3) }
  expect(faultsOfReading(cut, random)).toContainEqual(expect.stringMatching(/a whole image is refused/))
  expect(faultsOfReading({ ...made, ending: 'cut' }, random)).toContainEqual(
    expect.stringMatching(/a cut image is taken/),
  )
  const other = { tag: TAG.StudyInstanceUID, vr: 'UI', value: Buffer.from('1.2.3.4.5.') }
  expect(faultsOfReading({ ...caseOf(withParts(image, [other])) }, random)).toContain(
    'another studyInstanceUid is found',
  )
  const { dataSet: mine } = caseOf(withParts(image, [pseudonym('A1')]))
  const { dataSet: others } = caseOf(withParts(image, [pseudonym('B2')]))
  expect(faultsOfTwins(made, mine, mine)).toEqual([])
  expect(faultsOfTwins(made, mine, others)).toEqual(['two spellings of one person give two values of 100020'])
})
