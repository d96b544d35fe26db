import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DataSetHeadScanner } from '../../src/dicom/data-set-head.ts'
import { allSettled, openClinic } from '../support/clinic.ts'
import { corpusFiles, describeWithCorpus, type SplitPart10, splitPart10 } from '../support/corpus.ts'
import { sendInstances } from '../support/send-instances.ts'
import { sha256, storedAtCenter } from '../support/stored-at-center.ts'

/** Some files name another instance in their file meta than in their data set; a device sends what the data set says. */
function namedAsItsDataSet(split: SplitPart10): SplitPart10 {
  const scanner = new DataSetHeadScanner(split.transferSyntaxUid)
  scanner.push(split.dataSet)
  const { sopClassUid = split.sopClassUid, sopInstanceUid = split.sopInstanceUid } = scanner.head
  return { ...split, sopClassUid, sopInstanceUid }
}

describeWithCorpus('the corpus', () => {
  test('every data set that can be put on the wire is stored at the center byte for byte and confirmed', async () => {
    await using clinic = await openClinic()
    const instances = corpusFiles()
      .filter(({ expect: expected }) => expected !== 'reject')
      .flatMap(({ path }) => {
        const split = splitPart10(path)
        const isSendable = split !== undefined && split.sopClassUid !== '' && split.sopInstanceUid !== ''
        // A DICOMDIR is a directory of files, not an instance of a storage SOP class: it never travels by C-STORE.
        const isDirectory = split?.sopClassUid === '1.2.840.10008.1.3.10'
        return isSendable && !isDirectory && split.dataSet.length > 0 ? [namedAsItsDataSet(split)] : []
      })
    expect(instances.length).toBeGreaterThan(150)
    const refused: string[] = []
    for (let i = 0; i < instances.length; i += 20) {
      const batch = instances.slice(i, i + 20)
      const answers = await sendInstances(clinic.agent.port, batch)
      for (const [k, { status }] of answers.entries())
        if (status !== 0) refused.push(`${status} ${batch[k]?.sopInstanceUid}`)
    }
    expect(refused).toEqual([])
    const { held } = await allSettled(clinic)
    expect(held).toBe(0)
    const sent = new Set(instances.map(({ dataSet }) => sha256(dataSet)))
    const stored = new Set(
      storedAtCenter(join(clinic.folder, 'center')).map(({ dataSetSha256 }) => dataSetSha256),
    )
    expect(Array.from(sent).filter((digest) => !stored.has(digest))).toEqual([])
  })
})
