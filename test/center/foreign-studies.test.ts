import { expect, test } from '@jest/globals'
import { RunningCenter } from '../support/centers/running-center.ts'
import { type SpoolFixture, sha256 } from '../support/instances/spool-file-fixture.ts'
import { AttackClient, type Forgery, forgedDataSet, fourUids } from '../support/peers/attack-client.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'

test('a SOP Instance UID that another agent names first does not hold the real image back', async () => {
  await using both = await Both.start()
  const { north, south, center } = both
  const { studyInstanceUid } = (await both.handedOn(north, {})).envelope
  const { sopInstanceUid } = fourUids()
  await south.send({ uids: { studyInstanceUid, sopInstanceUid } })

  await both.handedOn(north, { uids: { studyInstanceUid, sopInstanceUid } })

  expect(await center.desk.held('waiting', 10)).toMatchObject([{ agent: 'South', hold: 'foreign' }])
})

test("an instance of another agent's study is stored, receipted and held until the operator releases it", async () => {
  await using both = await Both.start()
  const { north, south, center } = both
  const { studyInstanceUid } = (await both.handedOn(north, {})).envelope
  const added = south.forge({ uids: { studyInstanceUid } })
  expect(await south.send(added)).toMatchObject({ state: 'stored' })

  expect(await center.desk.held('waiting', 10)).toMatchObject([
    { agent: 'South', hold: 'foreign', reason: 'another agent brought its study first' },
  ])
  expect(both.pacs.received).not.toContain(sha256(added.part10))

  expect(await center.desk.release({ sopInstanceUid: added.envelope.sopInstanceUid }, 'operator')).toBe(1)
  // The center looks for what another process released within 15 seconds; new work wakes it at once.
  await both.handedOn(north, {})
  expect(both.pacs.received).toContain(sha256(added.part10))
})

test('the same version from a second agent is a repeat, and nothing is held', async () => {
  await using both = await Both.start()
  const { north, south, center } = both
  const prior = await both.handedOn(north, {})
  const { ulid: _, ...names } = prior.envelope
  const same = south.forge({ envelope: names, uids: names, dataSet: dataSetIn(prior) })

  expect(await south.send(same)).toMatchObject({ state: 'stored' })

  expect(await center.desk.status()).toMatchObject({ instances: 1, held: 0 })
})

test('bytes that another agent brought first are handed on when the owner of the study brings them', async () => {
  await using both = await Both.start()
  const { north, south, center } = both
  const { studyInstanceUid } = (await both.handedOn(north, {})).envelope
  const uids = { ...fourUids(), studyInstanceUid }
  const dataSet = forgedDataSet(uids)
  await south.send({ uids, dataSet })
  expect(await center.desk.status()).toMatchObject({ held: 1 })

  await both.handedOn(north, { uids, dataSet })

  expect(await center.desk.status()).toMatchObject({ instances: 2, held: 0 })
})

test('bytes that came first as a copy that no PACS is meant to have are handed on when they come as an image', async () => {
  await using both = await Both.start()
  const { north, center } = both
  const uids = fourUids()
  const dataSet = forgedDataSet(uids)
  await north.send({ uids, dataSet, envelope: { policy: 'deidentified:teaching' } })
  expect(await center.desk.studies(3650, 1)).toMatchObject([{ pacsWaiting: 0, pacsAccepted: 0, held: 0 }])

  await both.handedOn(north, { uids, dataSet })
})

test('an unreadable data set makes its agent the owner of no study', async () => {
  await using both = await Both.start()
  const { north, south, center } = both
  const uids = fourUids()
  await south.send({ uids, dataSet: forgedDataSet(uids, { beforePixels: forgedDataSet(uids) }) })
  expect(await center.desk.held('waiting', 10)).toMatchObject([{ agent: 'South', hold: 'unreadable' }])

  await both.handedOn(north, { uids })

  expect(await center.desk.status()).toMatchObject({ instances: 2, held: 1 })
})

test('instances that name no study belong to no agent and share no study', async () => {
  await using both = await Both.start()
  const { north, south, center } = both
  for (const client of [north, south]) {
    const { sopClassUid, sopInstanceUid } = fourUids()
    const dataSet = forgedDataSet({ sopClassUid, sopInstanceUid })
    const uids = { sopClassUid, sopInstanceUid, studyInstanceUid: '', seriesInstanceUid: '' }
    await both.handedOn(client, { uids, dataSet })
  }
  expect(await center.desk.status()).toMatchObject({ instances: 2, held: 0 })
})

test('a device that leaves the series or the SOP class out of the data set is handed on as before', async () => {
  await using both = await Both.start()
  const { sopClassUid, sopInstanceUid, studyInstanceUid } = fourUids()
  const uids = { sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid: '' }
  const dataSet = forgedDataSet({ sopInstanceUid, studyInstanceUid })

  await both.handedOn(both.north, { uids, dataSet })

  expect(await both.center.desk.status()).toMatchObject({ instances: 1, held: 0 })
})

/** A center between two clinics and a PACS. */
class Both implements AsyncDisposable {
  readonly center: RunningCenter
  readonly pacs: FakePacs
  readonly north: AttackClient
  readonly south: AttackClient

  private constructor(center: RunningCenter, pacs: FakePacs, north: AttackClient, south: AttackClient) {
    this.center = center
    this.pacs = pacs
    this.north = north
    this.south = south
  }

  static async start(): Promise<Both> {
    const pacs = await FakePacs.start()
    const center = await RunningCenter.start({ pacs: pacs.options })
    const [north, south] = [
      await AttackClient.enrol(center, 'North'),
      await AttackClient.enrol(center, 'South'),
    ]
    return new Both(center, pacs, north, south)
  }

  /** Sends it and waits until the PACS has it. */
  async handedOn(client: AttackClient, forgery: Forgery): Promise<SpoolFixture> {
    const file = await client.store(forgery)
    await this.pacs.gets(file.part10)
    return file
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.center[Symbol.asyncDispose]()
    await this.pacs[Symbol.asyncDispose]()
  }
}

const dataSetIn = ({ part10, envelope }: SpoolFixture): Buffer => part10.subarray(envelope.part10HeaderBytes)
