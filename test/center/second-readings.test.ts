import { expect, test } from '@jest/globals'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { sha256 } from '../support/instances/spool-file-fixture.ts'
import { tagNamed } from '../support/instances/tag-named.ts'
import { AttackClient, forgedDataSet, fourUids } from '../support/peers/attack-client.ts'
import { FakePacs } from '../support/peers/fake-pacs.ts'

const { element } = writer(EXPLICIT_LITTLE)
const even = (uid: string): string => (uid.length % 2 === 0 ? uid : `${uid}\0`)
const INSTITUTION_NAME = TAG.InstitutionName

type Uids = ReturnType<typeof fourUids>

/** An image of a device that counts the characters of its institution's name, and not the bytes. */
const countedCharacters = (uids: Uids): Buffer => image(uids, false)

/** The same with the SOP Instance UID there twice. */
const countedTwice = (uids: Uids): Buffer => image(uids, true)

function image(uids: Uids, twice: boolean): Buffer {
  const sopInstance = element(TAG.SOPInstanceUID, 'UI', even(uids.sopInstanceUid))
  return Buffer.concat([
    element(TAG.SpecificCharacterSet, 'CS', 'GB18030 '),
    element(TAG.SOPClassUID, 'UI', even(uids.sopClassUid)),
    sopInstance,
    ...(twice ? [sopInstance] : []),
    element(TAG.Modality, 'CS', 'CT'),
    element(INSTITUTION_NAME, 'LO', Buffer.alloc(20, 0xb3), 10),
    element(tagNamed('InstitutionalDepartmentName'), 'LO', 'RADIOLOGY '),
    element(TAG.PatientName, 'PN', 'INVENTED^PATIENT'),
    element(tagNamed('KVP'), 'DS', '120 '),
    element(TAG.StudyInstanceUID, 'UI', even(uids.studyInstanceUid)),
    element(TAG.SeriesInstanceUID, 'UI', even(uids.seriesInstanceUid)),
    element(TAG.PixelData, 'OW', Buffer.alloc(64)),
  ])
}

/** The digests that the PACS got of an image, and the holds; an image of another study tells that all has come. */
async function handOn(secondReadings: 'hold' | 'hand-on' | undefined, make: (uids: Uids) => Buffer) {
  await using pacs = await FakePacs.start()
  await using center = await RunningCenter.start({
    pacs: { ...pacs.options, ...(secondReadings && { secondReadings }) },
  })
  const clinic = await AttackClient.enrol(center, 'Clinic')
  const [uids, others] = [fourUids(), fourUids()]
  const odd = clinic.forge({ uids, dataSet: make(uids) })
  const last = clinic.forge({ uids: others, dataSet: forgedDataSet(others) })
  for (const one of [odd, last]) await clinic.store(one)
  await pacs.gets(last.part10)
  const held = await center.desk.held('waiting', 10)
  return { isHandedOn: pacs.received.includes(sha256(odd.part10)), holds: held.map(({ hold }) => hold) }
}

test('an image whose UIDs only a second reading finds is held for the operator', async () => {
  expect(await handOn(undefined, countedCharacters)).toEqual({ isHandedOn: false, holds: ['unreadable'] })
})

test('a center that is told to hands such images on', async () => {
  expect(await handOn('hand-on', countedCharacters)).toEqual({ isHandedOn: true, holds: [] })
})

test('it hands on nothing that is in doubt for another reason in addition', async () => {
  expect(await handOn('hand-on', countedTwice)).toEqual({ isHandedOn: false, holds: ['unreadable'] })
})
