import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { AgentSettings } from '../../src/config/agent-settings.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { asImage } from '../support/instances/as-image.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/spool-file-fixture.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const at = (tag: number) => ({ path: [tag], anywhere: false })

test('an instance is filed under the UIDs that a normalization rule writes into it', async () => {
  const [study, series] = [newUid(), newUid()]
  const steps = [
    { kind: 'set', pattern: at(TAG.StudyInstanceUID), value: study },
    { kind: 'set', pattern: at(TAG.SeriesInstanceUID), value: series },
  ] as const
  const rules = [{ name: 'one-study', steps }]
  expect(await crossed({ normalization: { system: 'FERRY', recordOriginals: true, rules } })).toMatchObject([
    { path: expect.stringContaining(`/${study}/${series}/`) },
  ])
})

test('an instance whose SOP instance a rule removes is filed under the one that the device named', async () => {
  const rules = [{ name: 'odd', steps: [{ kind: 'remove', pattern: at(TAG.SOPInstanceUID) } as const] }]
  const instance = asImage(inventedInstance(3000))
  expect(
    await crossed({ normalization: { system: 'FERRY', recordOriginals: false, rules } }, instance),
  ).toMatchObject([{ sopInstanceUid: instance.sopInstanceUid }])
})

test('a copy without identity is filed under the study that a rule of its profile keeps', async () => {
  using folder = tempFolder()
  const projectKeyFile = folder.join('project.key')
  writeFileSync(projectKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  const profile = {
    name: 'teaching',
    options: new Set<never>(),
    rules: [{ ...at(TAG.StudyInstanceUID), action: 'keep' } as const],
    safePrivate: [],
    pixels: [],
    capAges: false,
    passDocuments: false,
  }
  const invented = inventedInstance(3000)
  const settings = {
    deidentification: { projectKeyFile, profiles: [profile] },
    routes: [{ name: 'teaching', profile: 'teaching' }],
  }
  const [copy] = await crossed(settings, asImage(invented))
  expect(copy?.path).toContain(`/${invented.studyInstanceUid}/`)
  expect(copy?.sopInstanceUid).not.toBe(invented.sopInstanceUid)
})

/** Returns the center's copy of one instance, once it is confirmed. */
async function crossed(settings: Partial<AgentSettings>, instance = asImage(inventedInstance(3000))) {
  await using clinic = await openClinic({ settings })
  await sendInstances(clinic.agent.port, [instance])
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1, held: 0 })
  return storedAtCenter(`${clinic.folder}/center`)
}
