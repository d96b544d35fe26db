import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type BrokenThing, isGood } from './broken-thing.ts'
import { BROKEN_THINGS } from './broken-things.ts'
import { emptyPatterns, healthyAnswers } from './healthy-answers.ts'
import { makeTemplate, type Pair } from './pair.ts'
import { missingNeeds, play } from './play.ts'

/** FERRY_FAULTS=long plays all rows. */
const isLong = process.env['FERRY_FAULTS'] === 'long'
const LIMIT_MS = 600_000
const SETUP_MS = 180_000

/** Undefined if it is played. */
function whyNot(thing: BrokenThing): string | undefined {
  if (thing.waitsFor !== undefined) return `waits for ${thing.waitsFor}`
  if (thing.isQuick !== true && !isLong) return 'on demand: npm run broken-things'
  const missing = missingNeeds(thing)
  return missing.length === 0 ? undefined : `needs ${missing.join(', ')}`
}

describe('a broken thing is told with cause and cure, in both languages and with a true exit code', () => {
  let template: Awaited<ReturnType<typeof makeTemplate>>
  beforeAll(async () => {
    template = await makeTemplate()
  }, SETUP_MS)
  afterAll(async () => {
    await template[Symbol.asyncDispose]()
  })

  test(
    'no row is content with what a healthy pair says',
    async () => {
      const answers = await healthyAnswers(template.pair)
      expect(answers.en.match(/All is well/g)).toHaveLength(2)
      expect(BROKEN_THINGS.flatMap((thing) => emptyPatterns(thing, answers))).toEqual([])
    },
    SETUP_MS,
  )

  for (const thing of BROKEN_THINGS) {
    const reason = whyNot(thing)
    const run = reason === undefined ? test : test.skip
    const title = reason === undefined ? thing.broken : `${thing.broken} (${reason})`
    run(title, () => expectGood(thing, template.pair), LIMIT_MS)
  }
})

async function expectGood(thing: BrokenThing, pair: Pair): Promise<void> {
  const { verdict, alsoWrong } = await play(thing, pair)
  const wrong = isGood(verdict) ? undefined : verdict
  expect({ wrong, alsoWrong }).toEqual({ wrong: undefined, alsoWrong: undefined })
}
