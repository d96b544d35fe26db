import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { generateIdentity } from '../../src/age/x25519-keys.ts'
import type { MemberAnswer, PackAnswer } from '../../src/protocol/center-api.ts'
import { studyKeyAtCenter, studyKeyOf } from '../../src/protocol/study-key.ts'
import { parseUlid } from '../../src/protocol/ulid.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import {
  newUid,
  packOf,
  type SpoolFixture,
  sha256,
  spoolFile,
} from '../support/instances/spool-file-fixture.ts'

test('every member of a pack is stored byte for byte, under its study, series and instance', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const [studyInstanceUid, seriesInstanceUid] = [newUid(), newUid()]
  const files = Array.from({ length: 20 }, () =>
    spoolFile({ recipients, envelope: { studyInstanceUid, seriesInstanceUid } }),
  )

  const answer = await agent.deliver(packOf(files))

  expect(membersOf(answer)).toEqual(files.map(({ envelope }) => ({ ulid: envelope.ulid, state: 'stored' })))
  for (const { envelope, part10 } of files) {
    const path = join(studyInstanceUid, seriesInstanceUid, `${envelope.sopInstanceUid}.dcm`)
    expect(readFileSync(join(center.folder, 'instances', path)).equals(part10)).toBe(true)
  }
  expect(readdirSync(join(center.folder, 'packs'))).toEqual([])
  expect(await center.desk.status()).toMatchObject({ instances: 20, held: 0, packsUnderWay: 0 })
})

test('bad members are answered one by one and disturb no other', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const good = spoolFile({ recipients })
  const cases: [SpoolFixture, Partial<MemberAnswer>][] = [
    [good, { state: 'stored' }],
    [flipped(spoolFile({ recipients }), 700), { state: 'damaged', code: 'SPOOL_FILE_DAMAGED' }],
    [flipped(spoolFile({ recipients }), 3), { state: 'damaged', code: 'SPOOL_FILE_DAMAGED' }],
    [flipped(spoolFile({ recipients }), -20), { state: 'damaged', code: 'SPOOL_FILE_INVALID' }],
    [cutTo(spoolFile({ recipients }), 40), { state: 'damaged', code: 'SPOOL_FILE_INVALID' }],
    [spoolFile({ recipients: [generateIdentity().recipient] }), { state: 'refused', code: 'AGE_NO_KEY' }],
    [spoolFile({ recipients, sealed: Buffer.from('no age file') }), { state: 'refused', code: 'AGE_FORMAT' }],
    [spoolFile({ recipients, trailer: { dataSetSha256: '0'.repeat(64) } }), mismatch('DIGEST_MISMATCH')],
    [spoolFile({ recipients, trailer: { dataSetBytes: 1 } }), mismatch('DIGEST_MISMATCH')],
    [spoolFile({ recipients, header: { sopInstanceUid: newUid() } }), mismatch('DATA_SET_MISMATCH')],
    [spoolFile({ recipients, envelope: { sopClassUid: '1.2.3' } }), mismatch('DATA_SET_MISMATCH')],
    [spoolFile({ recipients, envelope: { transferSyntaxUid: '1.2.3' } }), mismatch('DATA_SET_MISMATCH')],
    [spoolFile({ recipients, envelope: { part10HeaderBytes: 2_000_000 } }), mismatch('DATA_SET_UNREADABLE')],
    [spoolFile({ recipients }), { state: 'stored' }],
  ]

  const answer = await agent.deliver(packOf(cases.map(([file]) => file)))

  expect(membersOf(answer)).toMatchObject(
    cases.map(([{ envelope }, expected]) => ({ ulid: envelope.ulid, ...expected })),
  )
  expect(storedFiles(center)).toHaveLength(2)
  expect((await center.desk.status()).instances).toBe(2)
})

test('a member whose envelope names another ULID than the pack is refused', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const file = spoolFile({ recipients: await center.recipients(agent) })
  const listedAs = { ...file, envelope: { ...file.envelope, ulid: parseUlid('01J00000000000000000000000') } }

  const answer = await agent.deliver(packOf([listedAs]))

  expect(membersOf(answer)).toMatchObject([{ state: 'refused', code: 'PACK_INVALID' }])
})

test.each(['../../../escaped', '..', '/etc/passwd', 'CON', 'a\0b', '1.2.'.repeat(20), '', '1.2.3.'])(
  'a text that is not a UID (%j) cannot lead out of the instance folder',
  async (uid) => {
    await using center = await RunningCenter.start()
    const agent = await center.enrol()
    const envelope = { studyInstanceUid: uid, seriesInstanceUid: uid, sopInstanceUid: uid }
    // The file meta information names none: some writers leave it out, and nothing contradicts the envelope.
    const file = spoolFile({
      recipients: await center.recipients(agent),
      envelope,
      header: { sopInstanceUid: '' },
    })

    const answer = await agent.deliver(packOf([file]))

    expect(membersOf(answer)).toMatchObject([{ state: 'stored' }])
    const name = `x-${sha256(Buffer.from(uid, 'utf8'))}`
    const study = studyKeyAtCenter(studyKeyOf(file.envelope), agent.key.kid)
    const folder = `x-${sha256(Buffer.from(study, 'utf8'))}`
    expect(storedFiles(center)).toEqual([join(folder, name, `${name}.dcm`)])
    expect(readdirSync(center.folder).toSorted()).toEqual(
      expect.arrayContaining(['instances', 'keys', 'lock', 'packs', 'register.sqlite']),
    )
    expect(readdirSync(join(center.folder, '..'))).toEqual(['center'])
  },
)

test('the same instance again makes no second file; the same UID with other bytes is kept and flagged', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const first = spoolFile({ recipients })
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = first.envelope
  const envelope = { studyInstanceUid, seriesInstanceUid, sopInstanceUid }
  const again = spoolFile({
    recipients,
    envelope,
    dataSet: first.part10.subarray(first.envelope.part10HeaderBytes),
  })
  const other = spoolFile({ recipients, envelope })

  await agent.deliver(packOf([first]))
  const answer = await agent.deliver(packOf([again, other, again]))

  expect(membersOf(answer).map((member) => member.state)).toEqual(['stored', 'stored', 'stored'])
  const series = join(studyInstanceUid, seriesInstanceUid)
  expect(storedFiles(center)).toEqual([
    join(series, `${sopInstanceUid}.dcm`),
    join(series, `${sopInstanceUid}~${other.envelope.ulid}.dcm`),
  ])
  expect(await center.desk.status()).toMatchObject({ instances: 2, held: 1 })
})

test('two new members with the same bytes in one pack leave one file', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const first = spoolFile({ recipients })
  const { ulid: _, ...envelope } = first.envelope
  const again = spoolFile({
    recipients,
    envelope,
    dataSet: first.part10.subarray(first.envelope.part10HeaderBytes),
  })

  const answer = await agent.deliver(packOf([first, again]))

  expect(membersOf(answer).map((member) => member.state)).toEqual(['stored', 'stored'])
  expect(storedFiles(center)).toHaveLength(1)
})

test.each(['0200', '', '02'])('a data set is taken whatever it begins with (%j)', async (start) => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const dataSet = Buffer.from(start + 'ff'.repeat(10 * start.length), 'hex')
  const recipients = await center.recipients(agent)
  // An agent names in the envelope only what it could read.
  const envelope = { studyInstanceUid: '', seriesInstanceUid: '' }
  const file = spoolFile({ recipients, dataSet, envelope })

  const answer = await agent.deliver(packOf([file]))

  expect(membersOf(answer)).toMatchObject([{ state: 'stored' }])
})

test('an instance of many chunks and pieces comes out whole', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const dataSet = Buffer.alloc(5 * 1024 * 1024 + 1, 0xa5)
  const file = spoolFile({ recipients: await center.recipients(agent), dataSet })

  await agent.deliver(packOf([file]))

  const [path = ''] = storedFiles(center)
  expect(sha256(readFileSync(join(center.folder, 'instances', path)))).toBe(sha256(file.part10))
})

test.each([
  [
    'with a byte too many',
    (good: PackBytes) => ({ ...good, bytes: Buffer.concat([good.bytes, Buffer.from([0])]) }),
  ],
  ['announced under another name', (good: PackBytes) => ({ ...good, pack: '01J00000000000000000000000' })],
])('a pack %s is refused as a whole', async (_, spoil) => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const good = packOf([spoolFile({ recipients: await center.recipients(agent) })])
  const bad = spoil(good)

  const location = String((await agent.create(bad, bad.bytes)).headers.location)
  const answer = await agent.ask('GET', `${location}/answer`)

  expect([answer.status, answer.json]).toMatchObject([422, { code: 'PACK_INVALID' }])
  expect(storedFiles(center)).toEqual([])
})

test.each([
  ['that is none', () => ({ pack: '01J00000000000000000000000', bytes: Buffer.alloc(500, 0x20) })],
  ['cut off in its member list', (good: PackBytes) => ({ ...good, bytes: good.bytes.subarray(0, 60) })],
  ['whose first block is zeros', (good: PackBytes) => ({ ...good, bytes: zeroed(good.bytes, 512) })],
  ['with a bit turned in its version', (good: PackBytes) => ({ ...good, bytes: turned(good.bytes, 9) })],
  ['with a bit turned in its list', (good: PackBytes) => ({ ...good, bytes: turned(good.bytes, 70) })],
])('a pack %s is damaged as a whole: it is to be sent again, and its upload is gone', async (_, spoil) => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const good = packOf([spoolFile({ recipients: await center.recipients(agent) })])
  const bad = spoil(good)

  const location = String((await agent.create(bad, bad.bytes)).headers.location)
  const answer = await agent.answered(location)

  expect(answer).toMatchObject({ state: 'damaged', reason: expect.stringContaining('reading a pack: ') })
  expect(storedFiles(center)).toEqual([])
  expect(readdirSync(join(center.folder, 'packs'))).toEqual([])
  expect(
    await agent.deliver(packOf([spoolFile({ recipients: await center.recipients(agent) })])),
  ).toMatchObject({
    state: 'answered',
    members: [{ state: 'stored' }],
  })
})

function zeroed(bytes: Buffer, count: number): Buffer {
  return Buffer.from(bytes).fill(0, 0, count)
}

function turned(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
  return changed
}

interface PackBytes {
  pack: string
  bytes: Buffer
}

const mismatch = (code: string): Partial<MemberAnswer> => ({ state: 'refused', code })

function membersOf(answer: PackAnswer): MemberAnswer[] {
  return answer.state === 'answered' ? answer.members : []
}

/** A bit of its bytes turned; a negative place counts from the end. */
function flipped(file: SpoolFixture, at: number): SpoolFixture {
  const bytes = Buffer.from(file.bytes)
  const place = at < 0 ? bytes.length + at : at
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
  return { ...file, bytes }
}

function cutTo(file: SpoolFixture, bytes: number): SpoolFixture {
  return { ...file, bytes: file.bytes.subarray(0, bytes) }
}

function storedFiles(center: RunningCenter): string[] {
  return readdirSync(join(center.folder, 'instances'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.dcm'))
    .toSorted()
}
