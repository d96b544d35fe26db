import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startAgent } from '../../src/agent/agent.ts'
import type { AgentService } from '../../src/agent/control/agent-service.ts'
import { OperatorDesk } from '../../src/center/operate/operator.ts'
import { speak } from '../../src/console/language/language.ts'
import { studyName } from '../../src/console/views/study-name.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { silentLog } from '../../src/platform/log.ts'
import { EXPLICIT_LITTLE, writer } from '../dicom/build-data-set.ts'
import { JumpingClock } from '../support/clocks/jumping-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, joinTestCenter, openClinic, testSettings } from '../support/programs/clinic.ts'

const DAY_MS = 24 * 3_600_000
const { element } = writer(EXPLICIT_LITTLE)
const even = (uid: string): string => (uid.length % 2 === 0 ? uid : `${uid}\0`)

/** An instance whose data set names no study. */
function without(patient: string, { study = '', series = '' } = {}): RawInstance {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = inventedInstance(2)
  const dataSet = Buffer.concat([
    element(TAG.SOPClassUID, 'UI', even(sopClassUid)),
    element(TAG.SOPInstanceUID, 'UI', even(sopInstanceUid)),
    element(TAG.PatientName, 'PN', patient),
    ...(study === '' ? [] : [element(TAG.StudyInstanceUID, 'UI', even(study))]),
    ...(series === '' ? [] : [element(TAG.SeriesInstanceUID, 'UI', even(series))]),
  ])
  return { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet }
}

/** The payload of a JWS (RFC 7515 §3.1). */
function claims(jws: string): { study: string; instances: { sopInstanceUid: string }[] } {
  return JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString())
}

/** The SOP instances that the receipts of each study of an agent list. */
function receipted(service: AgentService): Record<string, string[]> {
  const { studies } = service.studies(100)
  return Object.fromEntries(
    studies.map(({ studyInstanceUid: key }) => {
      const listed = (service.study(key)?.evidence?.parts ?? []).flatMap(({ version, part }) => {
        const { study, instances } = claims(service.evidence(key, version, part)?.receipt ?? '')
        expect(study).toBe(key)
        return instances.map(({ sopInstanceUid }) => sopInstanceUid)
      })
      return [key, listed.toSorted()]
    }),
  )
}

const uids = (...instances: RawInstance[]): string[] => instances.map((it) => it.sopInstanceUid).toSorted()

test('an instance without a study UID is filed by device, day and series, and no receipt joins strangers', async () => {
  const clock = new JumpingClock()
  const today = new Date(clock.now()).toISOString().slice(0, 10)
  const tomorrow = new Date(clock.now() + DAY_MS).toISOString().slice(0, 10)
  await using clinic = await openClinic({ clock })
  const { port, service } = clinic.agent
  const series = newUid()
  const [a, b, c, d, e] = ['A^A ', 'B^B ', 'C^C ', 'D^D ', 'E^E '].map((patient) => without(patient))
  const [f, g, forged] = [
    without('F^F ', { series }),
    without('F^F ', { series }),
    without('G^G ', { study: `no-study-uid:CT2:${today}::identified` }),
  ]
  if (!a || !b || !c || !d || !e) throw new Error('five instances')
  await sendInstances(port, [a, b, f, forged], 'CT1')
  await sendInstances(port, [c, g], 'CT2')
  await sendInstances(port, [inventedInstance(10)], 'CT2')
  await allSettled(clinic)
  clock.jumpMs = DAY_MS
  await sendInstances(port, [d, e], 'CT1')
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 9, held: 0 })
  await until(
    () => service.status(),
    ({ studies }) => studies.open + studies.closed === 0,
  )
  const filings = Object.fromEntries(
    Object.entries(receipted(service)).filter(([key]) => key.startsWith('no-study-uid:')),
  )
  expect(filings).toEqual({
    [`no-study-uid:CT1:${today}::identified`]: uids(a, b, forged),
    [`no-study-uid:CT1:${today}:${series}:identified`]: uids(f),
    [`no-study-uid:CT2:${today}::identified`]: uids(c),
    [`no-study-uid:CT2:${today}:${series}:identified`]: uids(g),
    [`no-study-uid:CT1:${tomorrow}::identified`]: uids(d, e),
  })
  const shown = service.studies(100).studies.filter(({ studyInstanceUid: key }) => key in filings)
  expect(shown.map(({ display }) => display)).toEqual(shown.map(() => null))
  expect(service.study('')).toBeUndefined()
  expect(studyName(`no-study-uid:CT1:${today}::identified`, speak('en'))).toContain(
    `no study UID: CT1, ${today}`,
  )
})

test('devices of one name at two clinics never share a filing, a folder or a receipt at the center', async () => {
  await using clinic = await openClinic()
  const centerFolder = join(clinic.folder, 'center')
  const settings = testSettings(join(clinic.folder, 'second'))
  await joinTestCenter(centerFolder, clinic.center.port, settings.dataFolder)
  await using second = await startAgent(settings, { clock: new JumpingClock(), log: silentLog })
  const [mine, other, both] = [without('A^A '), without('B^B '), without('C^C ')]
  await sendInstances(clinic.agent.port, [mine, both], 'CT1')
  await sendInstances(second.port, [other, both], 'CT1')
  for (const { service } of [clinic.agent, second])
    await until(
      () => service.status().deliveries,
      ({ confirmed }) => confirmed === 2,
    )
  expect(Object.values(receipted(clinic.agent.service))).toEqual([uids(mine, both)])
  expect(Object.values(receipted(second.service))).toEqual([uids(other, both)])

  using desk = await OperatorDesk.open({
    folder: centerFolder,
    publicUrl: 'https://127.0.0.1',
    clock: new JumpingClock(),
  })
  const studies = await desk.studies(2, 10)
  expect(studies.map(({ studyInstanceUid }) => studyInstanceUid.split('@')[0])).toEqual(
    Array.from({ length: 2 }, () => expect.stringMatching(/^no-study-uid:CT1:[0-9-]+::identified$/)),
  )
  expect(new Set(studies.map(({ studyInstanceUid }) => studyInstanceUid)).size).toBe(2)
  expect(studies.map(({ held }) => held)).toEqual([0, 0])
  const folders = readdirSync(join(centerFolder, 'instances')).filter((name) => name.startsWith('x-'))
  expect(folders).toHaveLength(2)
  // The digest of nothing: one folder for everybody.
  expect(folders.join()).not.toContain('e3b0c442')
})

test('a data set in a private transfer syntax crosses byte for byte into its own study', async () => {
  const studyInstanceUid = newUid()
  const made = inventedInstance(500, { studyInstanceUid })
  const implicit = writer({ explicitVr: false, littleEndian: true })
  const own: RawInstance = {
    ...made,
    transferSyntaxUid: '1.2.840.113619.5.2',
    dataSet: Buffer.concat([
      implicit.element(TAG.SOPClassUID, 'UI', even(made.sopClassUid)),
      implicit.element(TAG.SOPInstanceUID, 'UI', even(made.sopInstanceUid)),
      implicit.element(TAG.PatientName, 'PN', 'A^A '),
      implicit.element(TAG.PatientID, 'LO', 'A-1 '),
      implicit.element(TAG.StudyInstanceUID, 'UI', even(studyInstanceUid)),
      implicit.element(TAG.SeriesInstanceUID, 'UI', even(made.seriesInstanceUid)),
      implicit.element(TAG.PixelData, 'OW', Buffer.alloc(64, 3)),
    ]),
  }
  await using clinic = await openClinic()
  const files = [own]
  const answers = await sendInstances(clinic.agent.port, files)
  expect(answers.map(({ status }) => status)).toEqual(files.map(() => 0))
  expect(await allSettled(clinic)).toMatchObject({ confirmed: files.length, held: 0 })
  const { studies } = clinic.agent.service.studies(10)
  expect(studies.map((study) => study.studyInstanceUid)).toContain(studyInstanceUid)
  expect(studies.filter((study) => study.studyInstanceUid.startsWith('no-study-uid'))).toEqual([])
  const stored = readdirSync(join(clinic.folder, 'center', 'instances'), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => readFileSync(join(clinic.folder, 'center', 'instances', name)))
  for (const { dataSet } of files)
    expect(stored.some((file) => file.subarray(parsePart10Header(file)?.headerBytes).equals(dataSet))).toBe(
      true,
    )
})
