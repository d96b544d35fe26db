import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startAgent } from '../../src/agent/agent.ts'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { DiskThief } from '../support/instances/disk-thief.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const { element } = writer(EXPLICIT_LITTLE)
const PERSON = ['INVENTED^PERSON', 'PID-73190255', 'ACC-5550142', 'KNEE OF NOBODY']

const text = (tag: number, vr: string, value: string): Buffer =>
  element(tag, vr, Buffer.from(value.length % 2 === 0 ? value : `${value}${vr === 'UI' ? '\0' : ' '}`))

type Names = AgentSettings['displayNames']

/** Returns the texts that a thief finds after a study has come in and the machine was switched off. */
async function stolen(clinic: Clinic, study = newUid()): Promise<string[]> {
  await sendInstances(clinic.agent.port, [instanceOfPerson(study)])
  await allSettled(clinic)
  await clinic.stopAgent()
  return thiefFinds(clinic)
}

function thiefFinds({ settings }: Clinic): string[] {
  const thief = new DiskThief(settings.dataFolder)
  expect(thief.bytesRead).toBeGreaterThan(100_000)
  return thief.find(PERSON)
}

function nameShown({ agent }: Clinic, study: string): string | undefined {
  const [first] = agent.service.showNames({ osUser: 'test', studyInstanceUid: study, limit: 1 }).studies
  return first?.display === 'lost' ? 'lost' : first?.display?.patientName?.text
}

test('the disk of an agent that was set up by the defaults gives a thief no name', async () => {
  await using clinic = await openClinic()
  expect(clinic.settings.displayNames).toBe('credential')
  expect(await stolen(clinic)).toEqual([])
})

test('with a key that the service manager hands over, names are shown and a thief of the disk finds none', async () => {
  using credentials = tempFolder()
  writeFileSync(credentials.join('ferry-display-key'), randomBytes(32))
  await using clinic = await openClinic({ credentialsFolder: credentials.path })
  const study = newUid()
  expect(await stolen(clinic, study)).toEqual([])
  expect(
    readdirSync(join(clinic.settings.dataFolder, 'keys')).filter((name) => /display/.test(name)),
  ).toEqual([])
  await clinic.startAgent()
  expect(nameShown(clinic, study)).toBe(PERSON[0])
})

test('with the key on the same disk, which a site must choose, a thief reads name, ID, accession number and description', async () => {
  await using clinic = await openClinic({ settings: { displayNames: 'local-key' } })
  expect(await stolen(clinic)).toEqual(PERSON)
})

test.each<Names>(['off', 'credential'])(
  'names that were kept under a key on the disk are removed at the start with displayNames: %s',
  async (later) => {
    await using clinic = await openClinic({ settings: { displayNames: 'local-key' } })
    const study = newUid()
    expect(await stolen(clinic, study)).toEqual(PERSON)
    const keys = join(clinic.settings.dataFolder, 'keys')
    const stolenKey = readFileSync(join(keys, 'display-0001.key'))
    const agent = await startAgent(
      { ...clinic.settings, displayNames: later },
      { clock: systemClock, log: silentLog },
    )
    const showing = agent.service.study(study)
    await agent[Symbol.asyncDispose]()
    expect(showing).toMatchObject({
      displayNames: later === 'off' ? 'off' : 'no-credential',
      study: { display: null },
    })
    expect(readdirSync(keys).filter((name) => name.startsWith('display'))).toEqual([])
    expect(thiefFinds(clinic)).toEqual([])
    // A thief who brings the deleted key back finds nothing that it opens.
    writeFileSync(join(keys, 'display-0001.key'), stolenKey)
    expect(thiefFinds(clinic)).toEqual([])
  },
)

test('a credential that is not a key costs the names and nothing else', async () => {
  using credentials = tempFolder()
  writeFileSync(credentials.join('ferry-display-key'), 'too short')
  await using clinic = await openClinic({ credentialsFolder: credentials.path })
  const study = newUid()
  await sendInstances(clinic.agent.port, [instanceOfPerson(study)])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1 })
  expect(clinic.agent.service.studies(1)).toMatchObject({ displayNames: 'bad-credential' })
  expect(nameShown(clinic, study)).toBeUndefined()
  // Nothing was shown, so nothing is noted.
  expect(clinic.agent.service.status().namesShown.times).toBe(0)
})

function instanceOfPerson(study: string): RawInstance {
  const [name = '', id = '', accession = '', description = ''] = PERSON
  const sopInstanceUid = newUid()
  return {
    sopClassUid: CT,
    sopInstanceUid,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    dataSet: Buffer.concat([
      text(TAG.SOPClassUID, 'UI', CT),
      text(TAG.SOPInstanceUID, 'UI', sopInstanceUid),
      text(TAG.AccessionNumber, 'SH', accession),
      text(TAG.StudyDescription, 'LO', description),
      text(TAG.PatientName, 'PN', name),
      text(TAG.PatientID, 'LO', id),
      text(TAG.StudyInstanceUID, 'UI', study),
      text(TAG.SeriesInstanceUID, 'UI', newUid()),
    ]),
  }
}
