import { expect, test } from '@jest/globals'
import { checkingSchema } from '../../src/config/checking-settings.ts'
import { corpusFiles, describeWithCorpus } from '../support/instances/corpus.ts'
import { breach, type Crossing, crossCorpus } from '../support/instances/corpus-crossing.ts'

const words = (crossings: readonly Crossing[]): string[] =>
  crossings.flatMap((crossing) => {
    const verdict = breach(crossing)
    return verdict === undefined ? [] : [`${crossing.file.name}: ${verdict}`]
  })

describeWithCorpus('every file of the corpus, each from a device of its own', () => {
  test('a good file crosses, an odd one crosses or is held with a reason, and no part of an instance is reported as stored', async () => {
    const crossings = await crossCorpus(corpusFiles())
    expect(words(crossings)).toEqual([])
    const count = (expected: string): number =>
      crossings.filter(({ file, isAtCenter }) => file.expect === expected && isAtCenter).length
    expect(count('ok')).toBeGreaterThanOrEqual(150)
    expect(count('odd')).toBeGreaterThanOrEqual(30)
    // An index of files is not an instance: its class is refused, whatever the file looks like.
    const indexes = crossings.filter(({ isDicomDir }) => isDicomDir)
    expect(indexes.length).toBeGreaterThan(0)
    expect(indexes.map(({ status }) => status)).toEqual(indexes.map(() => undefined))
  }, 240_000)

  test('the table tells a breach: where the configuration accepts it, a part of an instance is stored, and its finding says what it is', async () => {
    const checking = checkingSchema.parse({ truncated: 'accept' })
    const parts = corpusFiles().filter(({ name }) => name === 'odd/truncated-pixel-data.dcm')
    const [crossing, ...others] = await crossCorpus(parts, { checking })
    expect(others).toEqual([])
    expect(crossing?.findings).toContain('truncated')
    expect(crossing && breach(crossing)).toBe('reported as stored')
  })
})
