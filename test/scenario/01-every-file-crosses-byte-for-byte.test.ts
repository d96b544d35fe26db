import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DataSetHeadScanner } from '../../src/dicom/find/data-set-head.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { corpusFiles, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'

const DICOMDIR = '1.2.840.10008.1.3.10'
const SYNTAXES = [TRANSFER_SYNTAX.ExplicitVRLittleEndian, TRANSFER_SYNTAX.ImplicitVRLittleEndian]

/**
 * The instance that a device would send from a file: its data set, under the UIDs that the data set itself names. A file without file
 * meta information is a bare data set, in the first syntax in which it reads. Undefined where no SOP instance is named,
 * and for a DICOMDIR, which indexes files and never travels by C-STORE.
 */
function asSent(path: string): RawInstance | undefined {
  const split = splitPart10(path)
  const dataSet = split?.dataSet ?? readFileSync(path)
  const syntaxes = split === undefined ? SYNTAXES : [split.transferSyntaxUid]
  for (const transferSyntaxUid of syntaxes) {
    const scanner = new DataSetHeadScanner(transferSyntaxUid)
    scanner.push(dataSet)
    const { sopClassUid = split?.sopClassUid, sopInstanceUid = split?.sopInstanceUid } = scanner.head
    if (!sopClassUid || !sopInstanceUid || sopClassUid === DICOMDIR || dataSet.length === 0) continue
    return { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet }
  }
  return undefined
}

describeWithCorpus('the corpus', () => {
  test('every data set that can be put on the wire is stored at the center byte for byte and confirmed', async () => {
    await using clinic = await openClinic()
    const instances = corpusFiles()
      .filter(({ expect: expected }) => expected !== 'reject')
      .flatMap(({ path }) => asSent(path) ?? [])
    expect(instances.length).toBeGreaterThanOrEqual(180)
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
