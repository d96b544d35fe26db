import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { generateIdentity } from '../../src/age/x25519-keys.ts'
import { readDeidAudit } from '../../src/agent/deid-records/deid-audit-log.ts'
import { readDeidLinks } from '../../src/agent/deid-records/deid-links.ts'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { checkingSchema } from '../../src/config/checking-settings.ts'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { STORAGE_STATUS } from '../../src/dicom/vocabulary/storage-status.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, UNDEFINED, writer } from '../dicom/build-data-set.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { asImage } from '../support/instances/as-image.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { tagNamed } from '../support/instances/tag-named.ts'
import { type RawInstance, sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const { element, item } = writer(EXPLICIT_LITTLE)
/** A sequence and an item of undefined length that nothing closes. */
const OPENED = Buffer.concat([
  element(TAG.ReferencedStudySequence, 'SQ', '', UNDEFINED),
  item(Buffer.alloc(0), UNDEFINED),
])

const ULTRASOUND_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.6.1'
const NAME = 'INVENTED'

const profile = {
  name: 'teaching',
  options: new Set(['clean-descriptors'] as const),
  rules: [],
  safePrivate: [],
  pixels: [],
  capAges: false,
  passDocuments: false,
}

function routed(folder: string, routes: AgentSettings['routes']): Partial<AgentSettings> {
  const projectKeyFile = `${folder}/project.key`
  writeFileSync(projectKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  return { deidentification: { projectKeyFile, profiles: [profile] }, routes }
}

const BOTH = [
  { name: 'care', profile: undefined },
  { name: 'teaching', profile: 'teaching' },
]
const TEACHING_ONLY = [{ name: 'teaching', profile: 'teaching' }]

const stored = (clinic: Clinic) => storedAtCenter(clinic.settings.dataFolder.replace(/agent$/, 'center'))

test('an instance crosses with identity byte for byte, and beside it a copy without, under other UIDs', async () => {
  using keys = tempFolder()
  await using clinic = await openClinic({ settings: routed(keys.path, BOTH) })
  const instances = [asImage(inventedInstance(40_000)), asImage(inventedInstance(40_000))]
  await sendInstances(clinic.agent.port, instances)
  await allSettled(clinic)
  const all = stored(clinic)
  expect(all).toHaveLength(4)
  const original = all.filter(({ sopInstanceUid }) =>
    instances.some((instance) => instance.sopInstanceUid === sopInstanceUid),
  )
  expect(original.map(({ dataSetSha256 }) => dataSetSha256).toSorted()).toEqual(
    instances.map(({ dataSet }) => sha256(dataSet)).toSorted(),
  )
  const others = all.filter((one) => !original.includes(one))
  expect(others.every(({ sopInstanceUid }) => sopInstanceUid.startsWith('2.25.'))).toBe(true)
  for (const { path } of others) expect(readFileSync(path).includes(NAME)).toBe(false)
  // The control: the same search finds it where it belongs.
  for (const { path } of original) expect(readFileSync(path).includes(NAME)).toBe(true)
  const records = await Array.fromAsync(readDeidAudit(clinic.settings.dataFolder, 0))
  expect(records).toHaveLength(2)
  const digestsOf = (some: typeof all): string[] => some.map(({ dataSetSha256 }) => dataSetSha256).toSorted()
  expect(records.map((record) => record?.before ?? '').toSorted()).toEqual(digestsOf(original))
  expect(records.map((record) => record?.after ?? '').toSorted()).toEqual(digestsOf(others))
})

test('a linking table that is wanted says who is who, before Success and to the recovery key alone', async () => {
  using keys = tempFolder()
  const { identity, recipient } = generateIdentity()
  const settings = routed(keys.path, TEACHING_ONLY)
  const deidentification = { ...settings.deidentification, profiles: [profile], linkingRecipient: recipient }
  await using clinic = await openClinic({
    settings: { ...settings, deidentification: { projectKeyFile: undefined, ...deidentification } },
  })
  const instance = asImage(inventedInstance(1_000))
  await sendInstances(clinic.agent.port, [instance])
  const opened = await Array.fromAsync(readDeidLinks(clinic.settings.dataFolder, identity))
  await allSettled(clinic)
  expect(opened).toMatchObject([
    { link: { profile: 'teaching', original: { patientName: expect.stringContaining(NAME) } } },
  ])
  const [link] = opened.flatMap((one) => ('link' in one ? [one.link] : []))
  const { deliveries } = clinic.agent.service.study(link?.replacement.studyInstanceUid ?? '') ?? {}
  expect(deliveries).toHaveLength(1)
  // No copy keeps the original, so its digest could be compared with nothing and is not recorded.
  const records = await Array.fromAsync(readDeidAudit(clinic.settings.dataFolder, 0))
  expect(records.map((record) => record?.after)).toEqual(stored(clinic).map((one) => one.dataSetSha256))
  expect(records.map((record) => Object.hasOwn(record ?? {}, 'before'))).toEqual([false])
})

test('an instance that cannot be cleaned takes the route with identity alone, and an alarm says so', async () => {
  using keys = tempFolder()
  await using clinic = await openClinic({ settings: routed(keys.path, BOTH) })
  const ultrasound = asUltrasound(inventedInstance(1_000))
  await sendInstances(clinic.agent.port, [ultrasound])
  await allSettled(clinic)
  expect(stored(clinic).map(({ sopInstanceUid }) => sopInstanceUid)).toEqual([ultrasound.sopInstanceUid])
  const { alarms } = clinic.agent.service.status()
  expect(alarms.map(({ code }) => code)).toContain('DEID_WITHHELD')
  clinic.agent.service.retry()
  expect(clinic.agent.service.status().alarms).toEqual([])
})

/** Data sets that cannot be read to their end: anything may follow there. */
const UNREADABLE: readonly (readonly [string, Buffer])[] = [
  [
    'an item longer than its sequence',
    element(TAG.ReferencedStudySequence, 'SQ', item(Buffer.alloc(8), 5000), 16),
  ],
  ['a VR that there is not', element(tagNamed('SourceImageSequence'), 'ZZ', 'xx')],
  [
    'a sequence of undefined length without end',
    element(TAG.ReferencedStudySequence, 'SQ', item(Buffer.alloc(0)), UNDEFINED),
  ],
  ['10,000 sequences in one another', Buffer.concat(Array.from({ length: 10_000 }, () => OPENED))],
]

test.each(UNREADABLE)(
  '%s never leaves without identity, says why, and reaches the center by the way with identity',
  async (_, broken) => {
    using keys = tempFolder()
    const checking = checkingSchema.parse({ truncated: 'accept' })
    await using clinic = await openClinic({ settings: { ...routed(keys.path, BOTH), checking } })
    const whole = inventedInstance(1_000)
    const at = whole.dataSet.indexOf(Buffer.from([0x10, 0x00, 0x10, 0x00]))
    const dataSet = Buffer.concat([whole.dataSet.subarray(0, at), broken, whole.dataSet.subarray(at)])
    const [answer] = await sendInstances(clinic.agent.port, [{ ...whole, dataSet }])
    expect(answer).toEqual({ status: 0 })
    await allSettled(clinic)
    expect(stored(clinic)).toMatchObject([
      { sopInstanceUid: whole.sopInstanceUid, dataSetSha256: sha256(dataSet) },
    ])
    const { alarms } = clinic.agent.service.status()
    expect(alarms).toMatchObject([{ message: expect.stringMatching(/data set|instance/) }])
  },
)

test('an instance that cannot be cleaned is refused if it has no other route, so that the device keeps it', async () => {
  using keys = tempFolder()
  await using clinic = await openClinic({ settings: routed(keys.path, TEACHING_ONLY) })
  const answers = await sendInstances(clinic.agent.port, [asUltrasound(inventedInstance(1_000))])
  expect(answers.map(({ status }) => status)).toEqual([STORAGE_STATUS.CannotUnderstand])
  const { deliveries } = clinic.agent.service.status()
  expect(Object.values(deliveries).every((count) => count === 0)).toBe(true)
})

/** The class whose images usually show the patient's name. */
function asUltrasound(instance: RawInstance): RawInstance {
  const { sopClassUid, dataSet } = instance
  const from = dataSet.indexOf(sopClassUid)
  const header = Buffer.from(dataSet.subarray(0, from))
  const value = Buffer.from(
    ULTRASOUND_IMAGE_STORAGE.padEnd(
      ULTRASOUND_IMAGE_STORAGE.length + (ULTRASOUND_IMAGE_STORAGE.length % 2),
      '\0',
    ),
  )
  const old = sopClassUid.length + (sopClassUid.length % 2)
  header.writeUInt16LE(value.length, from - 2)
  return {
    ...instance,
    sopClassUid: ULTRASOUND_IMAGE_STORAGE,
    dataSet: Buffer.concat([header, value, dataSet.subarray(from + old)]),
  }
}

test('copies of two projects have no UID and no pseudonym in common', async () => {
  using keys = tempFolder()
  const settings = routed(keys.path, [
    { name: 'teaching', profile: 'teaching' },
    { name: 'vendor', profile: 'vendor' },
  ])
  const { projectKeyFile } = settings.deidentification ?? { projectKeyFile: undefined }
  const deidentification = { projectKeyFile, profiles: [profile, { ...profile, name: 'vendor' }] }
  await using clinic = await openClinic({ settings: { ...settings, deidentification } })
  const instance = asImage(inventedInstance(1_000))
  await sendInstances(clinic.agent.port, [instance])
  await allSettled(clinic)
  const copies = stored(clinic)
  expect(copies).toHaveLength(2)
  const [one, other] = copies.map(({ path }) => {
    const file = readFileSync(path)
    // The header names the program that wrote it.
    return file.subarray(parsePart10Header(file)?.headerBytes)
  })
  expect(identifiers(one).length).toBeGreaterThan(4)
  expect(identifiers(one).filter((found) => identifiers(other).includes(found))).toEqual([])
})

test('one study whose parts name the patient differently reaches the center as one patient, also across a restart', async () => {
  using keys = tempFolder()
  await using clinic = await openClinic({ settings: routed(keys.path, TEACHING_ONLY) })
  const { studyInstanceUid, ...named } = asImage(inventedInstance(1_000))
  const other = asImage(inventedInstance(1_000, { studyInstanceUid }))
  const patientId = Buffer.from([0x10, 0, 0x20, 0, ...Buffer.from('LO'), 4, 0, ...Buffer.from('P-17')])
  const at = other.dataSet.indexOf(Buffer.from([0x20, 0, 0x0d, 0]))
  const withId = Buffer.concat([other.dataSet.subarray(0, at), patientId, other.dataSet.subarray(at)])
  await sendInstances(clinic.agent.port, [named])
  await clinic.stopAgent()
  await clinic.startAgent()
  await sendInstances(clinic.agent.port, [{ ...other, dataSet: withId }])
  await allSettled(clinic)
  const ids = stored(clinic).map(({ path }) => {
    const file = readFileSync(path)
    const id = file.indexOf(Buffer.from([0x10, 0, 0x20, 0, ...Buffer.from('LO'), 16, 0]))
    return file.toString('latin1', id + 8, id + 24)
  })
  expect(ids).toEqual([ids[0], ids[0]])
  expect(ids[0]).toMatch(/^[0-9A-Z]{16}$/)
})

/** New UIDs and pseudonyms. */
function identifiers(file: Buffer | undefined): string[] {
  return file?.toString('latin1').match(/2\.25\.\d{20,}|\b[0-9A-HJKMNP-TV-Z]{16}\b/g) ?? []
}
