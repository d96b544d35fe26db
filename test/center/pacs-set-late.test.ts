import { expect, test } from '@jest/globals'
import { HandedOn } from '../support/centers/handed-on.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { until } from '../support/clocks/until.ts'
import { sha256 } from '../support/instances/spool-file-fixture.ts'
import { AttackClient, forgedDataSet, fourUids } from '../support/peers/attack-client.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'

test('images from before a PACS was set are handed on when it is, those of other policies are not', async () => {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start()
  const clinic = await AttackClient.enrol(center, 'Clinic')
  const uids = fourUids()
  const care = clinic.forge({ uids, dataSet: forgedDataSet(uids) })
  const teaching = clinic.forge({ envelope: { policy: 'deidentified:teaching' } })
  for (const file of [care, teaching]) await clinic.send(file)
  expect((await center.desk.studies(1, 10)).map(({ pacsNone }) => pacsNone)).toEqual([1, 1])

  await center.close()
  await center.open({ pacs: pacs.options })
  const acceptedCount = async () =>
    (await center.desk.studies(1, 10)).reduce((sum, { pacsAccepted }) => sum + pacsAccepted, 0)
  await until(acceptedCount, (count) => count === 1)
  expect(pacs.received).toEqual([sha256(care.part10)])

  // The same PACS is told to take the others as well.
  await center.close()
  await center.open({ pacs: { ...pacs.options, policies: ['identified', 'deidentified:*'] } })
  await until(acceptedCount, (count) => count === 2)
  expect(pacs.received).toEqual([sha256(care.part10), sha256(teaching.part10)])
})

test('a held instance is held from a PACS that is set late, too', async () => {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start()
  const [north, south] = [
    await AttackClient.enrol(center, 'North'),
    await AttackClient.enrol(center, 'South'),
  ]
  const { studyInstanceUid, ...uids } = fourUids()
  await north.send(north.forge({ uids: { ...uids, studyInstanceUid } }))
  await south.send(south.forge({ uids: { studyInstanceUid } }))
  await center.close()
  await center.open({ pacs: pacs.options })
  await pacs.stub.received(1)
  expect((await center.desk.studies(1, 10))[0]).toMatchObject({ pacsHeld: 1, held: 1 })
})

test('an instance that waited for a removed PACS waits for no PACS, and for the next one again', async () => {
  let isAway = true
  await using chain = await HandedOn.start((request) =>
    isAway ? { status: 503 } : { status: 200, body: HandedOn.module(request) },
  )
  await chain.deliver(2)
  await chain.nextRequest()
  await chain.center.close()
  await chain.center.open({ pacs: undefined })
  expect(await chain.study()).toMatchObject({ pacsNone: 2, pacsWaiting: 0 })
  isAway = false
  await chain.center.close()
  await chain.center.open({ pacs: { url: chain.pacs.url, timeoutMs: 1e9 } })
  expect(await chain.until((study) => study.pacsAccepted === 2)).toMatchObject({ pacsNone: 0 })
})

test('a retry ends the pause of a running center, and the next attempt starts within a second', async () => {
  await using chain = await HandedOn.start(() => ({ status: 503 }))
  await chain.deliver(2)
  for (let attempts = 0; attempts < 10; attempts++) await chain.nextRequest()
  const before = chain.pacs.requests.length
  // Without a retry nothing happens for minutes.
  for (let looks = 0; looks < 50; looks++) {
    chain.clock.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(chain.pacs.requests).toHaveLength(before)

  expect(await chain.center.desk.retryPacs()).toBe(2)
  while (chain.pacs.requests.length === before) {
    await new Promise((resolve) => setImmediate(resolve))
    chain.clock.advance(10)
  }
  expect(await chain.study()).toMatchObject({ pacsWaiting: 2 })
})
