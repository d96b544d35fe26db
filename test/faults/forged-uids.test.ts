import { expect, test } from '@jest/globals'
import type { Hold } from '../../src/center/register/register.ts'
import { StowClient } from '../../src/dicomweb/stow-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import {
  CT,
  dataSetOf,
  element,
  pixelData,
  type SpoolFixture,
  sha256,
  uidElement,
} from '../support/instances/spool-file-fixture.ts'
import {
  AttackClient,
  type Forgery,
  type FourUids,
  forgedDataSet,
  fourUids,
} from '../support/peers/attack-client.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'

type Ending = 'refused' | Hold

const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2'
const none = Buffer.alloc(0)
const sopUid = (uid: string): Buffer => uidElement(0x0008, 0x0018, uid)
/** An element of an unknown vendor's VR, which some readers skip as 8 bytes and others as 12. */
const unknownVr = (value: Buffer): Buffer => {
  const head = Buffer.from([0x09, 0x00, 0x01, 0x10, 0x5a, 0x5a, 0, 0, 0, 0, 0, 0])
  head.writeUInt32LE(value.length, 8)
  return Buffer.concat([head, value])
}
/** A sequence of explicit length with one item of explicit length. */
const sequence = (item: Buffer): Buffer => {
  const [head, itemHead] = [Buffer.from([0x40, 0, 0x75, 0x02, 0x53, 0x51, 0, 0, 0, 0, 0, 0]), Buffer.alloc(8)]
  itemHead.writeUInt32LE(0xe000_fffe, 0)
  itemHead.writeUInt32LE(item.length, 4)
  head.writeUInt32LE(item.length + 8, 8)
  return Buffer.concat([head, itemHead, item])
}

/** UIDs that an attacker derives from its own and a victim's, and how each attack must end. */
const ATTACKS: Record<string, [Ending, (own: FourUids, victim: FourUids) => Forgery]> = {
  "the data set names another clinic's SOP instance, envelope and header do not": [
    'refused',
    (own, { sopInstanceUid }) => ({ uids: own, dataSet: forgedDataSet({ ...own, sopInstanceUid }) }),
  ],
  "the data set names another clinic's study": [
    'refused',
    (own, { studyInstanceUid }) => ({ uids: own, dataSet: forgedDataSet({ ...own, studyInstanceUid }) }),
  ],
  "the data set names another clinic's series": [
    'refused',
    (own, { seriesInstanceUid }) => ({ uids: own, dataSet: forgedDataSet({ ...own, seriesInstanceUid }) }),
  ],
  'the data set names another SOP class': [
    'refused',
    (own) => ({ uids: own, dataSet: forgedDataSet({ ...own, sopClassUid: '1.2.840.10008.5.1.4.1.1.4' }) }),
  ],
  "the data set names all of another clinic's UIDs": [
    'refused',
    (own, victim) => ({ uids: own, dataSet: forgedDataSet(victim) }),
  ],
  "the envelope names another clinic's study, the data set its own": [
    'refused',
    (own, { studyInstanceUid }) => ({ uids: own, envelope: { studyInstanceUid } }),
  ],
  "the envelope names another clinic's study, the data set none": [
    'refused',
    (own, { studyInstanceUid }) => ({
      uids: own,
      envelope: { studyInstanceUid },
      dataSet: forgedDataSet({ ...own, studyInstanceUid: undefined }),
    }),
  ],
  "only the header names another clinic's SOP instance": [
    'refused',
    (own, { sopInstanceUid }) => ({ uids: own, header: { sopInstanceUid } }),
  ],
  'the header names another transfer syntax': [
    'refused',
    (own) => ({ uids: own, header: { transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN } }),
  ],
  "all places name another clinic's SOP instance, in a study of the attacker": [
    'foreign',
    (own, { sopInstanceUid }) => ({ uids: { ...own, sopInstanceUid } }),
  ],
  "all places name another clinic's SOP instance with padding": [
    'foreign',
    (own, { sopInstanceUid }) => {
      const uids = { ...own, sopInstanceUid: `${sopInstanceUid}\0` }
      return { uids, dataSet: forgedDataSet({ ...uids, sopInstanceUid: `${sopInstanceUid}  \0\0` }) }
    },
  ],
  "a new SOP instance is added to another clinic's study": [
    'foreign',
    (own, { studyInstanceUid }) => ({ uids: { ...own, studyInstanceUid } }),
  ],
  "a new SOP instance is added to another clinic's series, in a study of the attacker": [
    'foreign',
    (own, { seriesInstanceUid }) => ({ uids: { ...own, seriesInstanceUid } }),
  ],
  "all UIDs are another clinic's, the pixels are not": ['foreign', (_, victim) => ({ uids: victim })],
  "the SOP instance has a space before another clinic's UID": [
    'unreadable',
    (own, { sopInstanceUid }) => ({ uids: { ...own, sopInstanceUid: ` ${sopInstanceUid}` } }),
  ],
  "the SOP instance has two values, the second is another clinic's": [
    'unreadable',
    (own, { sopInstanceUid }) => ({
      uids: { ...own, sopInstanceUid: `${own.sopInstanceUid.slice(0, 40)}\\${sopInstanceUid}` },
    }),
  ],
  "the SOP instance has NUL after another clinic's UID, and more": [
    'unreadable',
    (own, { sopInstanceUid }) => ({ uids: { ...own, sopInstanceUid: `${sopInstanceUid}\0.1` } }),
  ],
  "the SOP instance is there twice, the second is another clinic's": [
    'unreadable',
    (own, victim) => ({
      uids: own,
      dataSet: forgedDataSet(own, { beforePixels: sopUid(victim.sopInstanceUid) }),
    }),
  ],
  "the SOP instance is there once more after the pixel data, another clinic's": [
    'unreadable',
    (own, victim) => ({ uids: own, dataSet: forgedDataSet(own, { last: sopUid(victim.sopInstanceUid) }) }),
  ],
  "the SOP instance is there twice, the first in a VR that has no text, the second is another clinic's": [
    'refused',
    (own, victim) => ({
      uids: own,
      dataSet: dataSetOf(
        uidElement(0x0008, 0x0016, CT),
        sequenceAt(0x0008, 0x0018),
        sopUid(victim.sopInstanceUid),
        uidElement(0x0020, 0x000d, own.studyInstanceUid),
        uidElement(0x0020, 0x000e, own.seriesInstanceUid),
        pixelData(),
      ),
    }),
  ],
  "another clinic's SOP instance stands behind zeros, where some readers stop": [
    'unreadable',
    (own, victim) => ({
      uids: own,
      dataSet: forgedDataSet(own, { last: dataSetOf(Buffer.alloc(16), sopUid(victim.sopInstanceUid)) }),
    }),
  ],
  "another clinic's SOP instance stands behind a fault, where some readers go on": [
    'unreadable',
    (own, victim) => ({
      uids: own,
      dataSet: forgedDataSet(own, {
        beforePixels: dataSetOf(
          Buffer.from([0x21, 0x00, 0x01, 0x00, 0x3f, 0x3f, 0x00, 0x00]),
          sopUid(victim.sopInstanceUid),
        ),
      }),
    }),
  ],
  "another clinic's SOP instance stands in the value of an unknown VR": [
    'unreadable',
    (own, victim) => ({
      uids: own,
      dataSet: forgedDataSet(own, { beforePixels: unknownVr(sopUid(victim.sopInstanceUid)) }),
    }),
  ],
  "the data set begins with file meta information of its own, which names another clinic's SOP instance": [
    'unreadable',
    (own, victim) => ({
      uids: own,
      // Not right behind the header, which would then end elsewhere.
      dataSet: forgedDataSet(own, { beforePixels: uidElement(0x0002, 0x0003, victim.sopInstanceUid) }),
    }),
  ],
  "the data set names no SOP instance at its top, only in a sequence, and there another clinic's": [
    'unreadable',
    (own, victim) => ({
      uids: { ...own, sopInstanceUid: victim.sopInstanceUid },
      dataSet: forgedDataSet(
        { ...own, sopInstanceUid: undefined },
        {
          beforePixels: sequence(sopUid(victim.sopInstanceUid)),
        },
      ),
    }),
  ],
  "the data set is in another transfer syntax than declared and names another clinic's UIDs": [
    'unreadable',
    (own, victim) => ({
      uids: own,
      envelope: { transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN, studyInstanceUid: '', seriesInstanceUid: '' },
      header: { transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN },
      dataSet: forgedDataSet(victim),
    }),
  ],
}

test.each(Object.entries(ATTACKS))('nothing forged reaches the PACS: %s', async (_, [ending, forge]) => {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start({ pacs: pacs.options })
  const [clinic, attacker] = [await AttackClient.enrol(center, 'Clinic'), await AttackClient.enrol(center)]
  const genuine = await handedOn(clinic, pacs, { uids: fourUids() })

  const forged = attacker.forge(forge(fourUids(), genuine.envelope))
  const answer = await attacker.send(forged)

  // Instances are handed on in the order of their arrival, so a forgery would have come before this.
  await handedOn(clinic, pacs, {})
  expect(overwrites(pacs, genuine, forged)).toEqual([])
  const [held] = await center.desk.held('waiting', 10)
  expect(
    held === undefined ? `${answer.state} ${answer.code}` : `${answer.state} ${held.hold} of ${held.agent}`,
  ).toBe(ending === 'refused' ? 'refused DATA_SET_MISMATCH' : `stored ${ending} of Stolen PC`)
})

test('the same check finds an overwritten image if the PACS gets the forgery', async () => {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start({ pacs: pacs.options })
  const [clinic, attacker] = [await AttackClient.enrol(center, 'Clinic'), await AttackClient.enrol(center)]
  const genuine = await handedOn(clinic, pacs, {})
  const forged = attacker.forge({ dataSet: forgedDataSet(genuine.envelope) })

  await using stow = await StowClient.open(pacs.options, systemClock)
  const content = async function* () {
    yield forged.part10
  }
  const { sopInstanceUid } = forged.envelope
  await stow.store([{ sopInstanceUid, bytes: forged.part10.length, content }], new AbortController().signal)

  expect(overwrites(pacs, genuine, forged)).toEqual(['the image changed', 'the forgery was handed on'])
})

function overwrites(pacs: FakePacs, genuine: SpoolFixture, forged: SpoolFixture): string[] {
  const isChanged = pacs.shown.get(genuine.envelope.sopInstanceUid) !== sha256(genuine.part10)
  const isHandedOn = pacs.received.includes(sha256(forged.part10))
  return [...(isChanged ? ['the image changed'] : []), ...(isHandedOn ? ['the forgery was handed on'] : [])]
}

async function handedOn(client: AttackClient, pacs: FakePacs, forgery: Forgery): Promise<SpoolFixture> {
  const file = await client.store(forgery)
  await pacs.gets(file.part10)
  return file
}

/** An empty sequence in the place of another element. */
function sequenceAt(group: number, number: number): Buffer {
  const bytes = element(group, number, 'SQ', '')
  return Buffer.concat([bytes.subarray(0, 6), Buffer.alloc(6), none])
}
