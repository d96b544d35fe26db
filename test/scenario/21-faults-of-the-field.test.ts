import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { STORAGE_STATUS } from '../../src/dicom/vocabulary/storage-status.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { describeWithField, fieldFiles } from '../support/instances/corpus.ts'
import { asSent, breach, crossCorpus } from '../support/instances/corpus-crossing.ts'
import { readStrictly } from '../support/kinds/strict-reading.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { routesWithAndWithoutIdentity } from '../support/programs/routed.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Values of the invented people in these files. */
const IDENTITIES = ['Miller', 'Richard', 'Zhang', 'Xiaoming', 'PAT-1', 'ZXM-20240105', 'ACC77001', '19700131']
const WITHHELD = ['d1b', 'd4c', 'd4d', 'd9a']

const short = (name: string): string => name.replace(/^field\//, '').slice(0, 3)
const instanceOf = (named: string): RawInstance => {
  const file = fieldFiles().find(({ name }) => short(name) === named)
  if (file === undefined) throw new Error(`no file ${named}`)
  return asSent(file.path).instance
}

/** The same image under other UIDs and another text; both texts have one length. */
function withOther({ dataSet, sopInstanceUid, ...instance }: RawInstance, changes: [string, string][]) {
  let text = dataSet.toString('latin1')
  for (const [from, to] of changes) text = text.replaceAll(from, to)
  const sop = changes.reduce((uid, [from, to]) => uid.replaceAll(from, to), sopInstanceUid)
  return { ...instance, sopInstanceUid: sop, dataSet: Buffer.from(text, 'latin1') }
}

function copies(clinic: Clinic): Buffer[] {
  return storedAtCenter(join(clinic.folder, 'center')).map(({ path }) => {
    const bytes = readFileSync(path)
    return bytes.subarray(parsePart10Header(bytes)?.headerBytes ?? 0)
  })
}

describeWithField('images with faults that devices have sent', () => {
  test('each reaches the center byte for byte with identity, in the study that it names, whatever is wrong with it', async () => {
    const files = fieldFiles()
    const crossings = await crossCorpus(files)
    expect(crossings.flatMap((one) => breach(one) ?? [])).toEqual([])
    expect(crossings.map(({ status, isAtCenter }) => [status, isAtCenter])).toEqual(
      files.map(() => [0, true]),
    )
    // The control: in any other study it would be a breach.
    const [first] = crossings
    if (first === undefined) throw new Error('no files')
    expect(breach({ ...first, filedUnder: 'x-1' })).toBe('in another study')
  })

  test('without identity those that cannot be read are refused, the others leave, and one patient stays one', async () => {
    using keys = tempFolder()
    await using clinic = await openClinic({ settings: routesWithAndWithoutIdentity(keys.path, ['teaching']) })
    const { port } = clinic.agent
    const answers = new Map<string, number>()
    for (const { name, path } of fieldFiles()) {
      const [answer] = await sendInstances(port, [asSent(path).instance])
      answers.set(short(name), answer?.status ?? -1)
    }
    const refused = Array.from(answers).filter(([, status]) => status !== 0)
    expect(refused).toEqual(WITHHELD.map((name) => [name, STORAGE_STATUS.CannotUnderstand]))
    const plain = instanceOf('p1a')
    // In a study of its own, where nothing but the name says who it is.
    const carets = withOther(instanceOf('p1b'), [
      ['9999.2.600', '9999.2.700'],
      ['9999.2.1032', '9999.2.7032'],
    ])
    const chinese = instanceOf('p1e')
    const withoutEquals = withOther(chinese, [
      ['9999.2.600', '9999.2.800'],
      ['9999.2.1035', '9999.2.8035'],
      ['\xc3\xf7=', '\xc3\xf7 '],
    ])
    expect(plain.dataSet.includes('Miller^Richard^')).toBe(false)
    expect(withoutEquals.dataSet.equals(chinese.dataSet)).toBe(false)
    const more = await sendInstances(port, [carets, withoutEquals])
    expect(more.map(({ status }) => status)).toEqual([0, 0])
    await allSettled(clinic)
    const left = copies(clinic)
    expect(left).toHaveLength(answers.size - refused.length + 2)
    expect(IDENTITIES.filter((identity) => left.some((copy) => copy.includes(identity)))).toEqual([])
    // The control: what was sent has them.
    expect(plain.dataSet.includes('Miller')).toBe(true)
    const ids = left.map((copy) => {
      const read = readStrictly(copy, true, true) ?? readStrictly(copy, false, true)
      return read?.get(TAG.PatientID)?.toString('latin1')
    })
    expect(ids).not.toContain(undefined)
    // PAT-1, Miller Richard and Zhang Xiaoming, the last two without an ID.
    const counts = Object.values(Object.groupBy(ids, (id) => id ?? '')).map((same) => same?.length ?? 0)
    expect(counts.toSorted((a, b) => a - b)).toEqual([2, 3, 3])
  })
})
