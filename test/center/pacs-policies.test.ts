import { expect, test } from '@jest/globals'
import { pacsTerms } from '../../src/center/hand-on/pacs-terms.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { type SpoolFixture, sha256 } from '../support/instances/spool-file-fixture.ts'
import { AttackClient, forgedDataSet, fourUids } from '../support/peers/attack-client.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'

test('a copy without identity does not reach a PACS that was not told to take it', async () => {
  const { received, teaching, care } = await handOn(undefined)
  expect(received).toEqual([care])
  expect(received).not.toContain(teaching)
})

test('a PACS that is told to take the copies of a profile gets them', async () => {
  const { received, teaching, care } = await handOn(['deidentified:teaching', 'identified'])
  expect(received.toSorted()).toEqual([teaching, care].toSorted())
})

test('a copy without identity that keeps its UIDs does not hold the image back, whichever comes first', async () => {
  const { received, care, held } = await handOn(undefined, { areUidsKept: true })
  expect([received, held]).toEqual([[care], 0])
})

test('two kinds of copies for one PACS that share their UIDs are a conflict', async () => {
  const policies = ['identified', 'deidentified:*']
  const { received, teaching, held } = await handOn(policies, { areUidsKept: true })
  expect([received, held]).toEqual([[teaching], 1])
})

test.each([
  [undefined, ['identified', 'normalized']],
  [['deidentified:*'], ['deidentified:teaching', 'deidentified:research']],
  [['deidentified:research'], ['deidentified:research']],
  [[], []],
])('policies %j take %j', (policies, expected) => {
  const all = [
    'identified',
    'normalized',
    'deidentified:teaching',
    'deidentified:research',
    'identified ',
    '*',
  ]
  const terms = pacsTerms(policies === undefined ? {} : { policies })
  expect(all.filter(terms.takes)).toEqual(expected)
})

const digest = ({ part10 }: SpoolFixture): string => sha256(part10)

/** A teaching copy, an identified image, and one more image of another study, after which all that is to come has come. */
async function handOn(policies: readonly string[] | undefined, { areUidsKept = false } = {}) {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start({ pacs: { ...pacs.options, ...(policies && { policies }) } })
  const clinic = await AttackClient.enrol(center, 'Clinic')
  const uids = fourUids()
  const teaching = clinic.forge({
    uids: areUidsKept ? uids : fourUids(),
    envelope: { policy: 'deidentified:teaching' },
  })
  const [care, last] = [clinic.forge({ uids, dataSet: forgedDataSet(uids) }), clinic.forge({})]
  for (const file of [teaching, care, last]) await clinic.store(file)
  await pacs.gets(last.part10)
  const received = pacs.received.filter((one) => one !== digest(last))
  return { received, teaching: digest(teaching), care: digest(care), held: (await center.desk.status()).held }
}
