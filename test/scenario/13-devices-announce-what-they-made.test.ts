import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { PROCEDURE_STEP_SOP_CLASS_UID } from '../../src/dicom/edit/procedure-step-data-set.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import type { ServiceAnswer } from '../../src/dimse/association/service.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../src/dimse/scu/requested-association.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { ProcedureStepView } from '../../src/protocol/commitments-api.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { type AnnouncedStep, procedureStepDataSet } from '../support/instances/procedure-step-data-set.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { describeWithOdil, OdilPeer } from '../support/peers/odil.ts'
import { UID } from '../support/peers/raw-association.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { type Clinic, openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'

const STEP = '1.2.77'
const device = (aeTitle: string) => ({ name: aeTitle, aeTitle, addresses: [], procedureSteps: true })

const announcing = (patienceMs = 3_600_000) => ({
  devices: [device('CT1'), device('ODIL')],
  procedureSteps: { patienceMs },
})

const steps = async (clinic: Clinic): Promise<ProcedureStepView[]> =>
  (await clinic.agent.service.procedureSteps(10)).procedureSteps

test('the announced instances of a device are compared with those that come, series by series, also after a restart', async () => {
  await using clinic = await openClinic({ settings: announcing() })
  const [studyInstanceUid, first, second] = [newUid(), newUid(), newUid()]
  const made = [first, first, second].map((seriesInstanceUid) =>
    inventedInstance(1000, { studyInstanceUid, seriesInstanceUid }),
  )
  const [one, , three] = made.map(({ sopInstanceUid }) => sopInstanceUid)
  {
    await using association = await associate(clinic.agent.port)
    const begun = { status: 'IN PROGRESS', modality: 'CT', studyInstanceUids: [studyInstanceUid] }
    expect(await tell(association, 'N-CREATE', begun)).toMatchObject({ status: 0 })
    await sendInstances(clinic.agent.port, made.slice(0, 2))
    const series = [
      { seriesInstanceUid: first, images: [one ?? ''] },
      { seriesInstanceUid: second, others: [three ?? '', newUid()] },
    ]
    expect(await tell(association, 'N-SET', { status: 'COMPLETED', series })).toMatchObject({ status: 0 })
  }
  await clinic.stopAgent()
  await clinic.startAgent()
  await sendInstances(clinic.agent.port, made.slice(2))
  expect(await steps(clinic)).toMatchObject([
    {
      callingAeTitle: 'CT1',
      sopInstanceUid: STEP,
      state: 'completed',
      modality: 'CT',
      studyInstanceUids: [studyInstanceUid],
      announced: 3,
      arrived: 2,
      unannounced: 1,
      completeAt: null,
    },
  ])
  expect((await steps(clinic))[0]?.series).toEqual(
    [
      { seriesInstanceUid: first, announced: 1, arrived: 1, unannounced: 1 },
      { seriesInstanceUid: second, announced: 2, arrived: 1, unannounced: 0 },
    ].toSorted((a, b) => (a.seriesInstanceUid < b.seriesInstanceUid ? -1 : 1)),
  )
  const detail = clinic.agent.service.study(studyInstanceUid)
  expect(detail?.procedureSteps).toMatchObject([{ announced: 3, arrived: 2 }])
})

test('an announced instance that does not come is an alarm, which an operator can put away', async () => {
  await using clinic = await openClinic({ settings: announcing(0) })
  await using association = await associate(clinic.agent.port)
  await tell(association, 'N-CREATE', { status: 'IN PROGRESS', studyInstanceUids: ['1.2'] })
  const series = [{ seriesInstanceUid: '1.2.9', images: ['1.2.9.1'] }]
  await tell(association, 'N-SET', { status: 'COMPLETED', series })
  const alarms = await until(
    () => clinic.agent.service.status().alarms,
    ({ length }) => length > 0,
  )
  expect(alarms).toMatchObject([{ code: 'STUDY_INCOMPLETE', subject: 'CT1 1.2' }])
  clinic.agent.service.retry()
  expect(clinic.agent.service.status().alarms).toEqual([])
})

test('a step is begun once, changed until it is ended, and each refusal has its status', async () => {
  await using clinic = await openClinic({ settings: announcing() })
  await using association = await associate(clinic.agent.port)
  const create = (step: AnnouncedStep) => tell(association, 'N-CREATE', step)
  const set = (step: AnnouncedStep, uid = STEP) => tell(association, 'N-SET', step, uid)
  expect(await set({ status: 'COMPLETED' })).toMatchObject({ status: 0x0112 })
  expect(await create({})).toMatchObject({ status: 0x0120 })
  expect(await create({ status: 'COMPLETED' })).toMatchObject({ status: 0x0106 })
  expect(await create({ status: 'IN PROGRESS' })).toMatchObject({ status: 0 })
  expect(await create({ status: 'IN PROGRESS' })).toMatchObject({ status: 0x0111 })
  expect(await set({ status: 'DONE' })).toMatchObject({ status: 0x0106 })
  expect(await set({ series: [{ seriesInstanceUid: '' }] })).toMatchObject({
    status: 0x0106,
    errorComment: 'a series has no usable UID',
  })
  const bytes = procedureStepDataSet({ status: 'COMPLETED' }).subarray(0, 11)
  expect(await perform(association, 'N-SET', STEP, bytes)).toMatchObject({ status: 0x0106 })
  expect(await perform(association, 'N-CREATE', 'no uid', bytes)).toMatchObject({ status: 0x0106 })
  expect(await tell(association, 'N-CREATE', { status: 'IN PROGRESS' }, 'a.b')).toMatchObject({
    status: 0x0117,
  })
  expect(await tell(association, 'N-ACTION', {})).toMatchObject({ status: 0x0211 })
  expect(await set({ status: 'DISCONTINUED' })).toMatchObject({ status: 0 })
  expect(await set({ status: 'COMPLETED' })).toMatchObject({
    status: 0x0110,
    errorComment: 'Performed Procedure Step Object may no longer be updated',
  })
  expect(await steps(clinic)).toMatchObject([{ sopInstanceUid: STEP, state: 'discontinued', announced: 0 }])
})

test('a device that leaves the name of its step to Ferry is told it', async () => {
  await using clinic = await openClinic({ settings: announcing() })
  await using association = await associate(clinic.agent.port)
  const dataSet = procedureStepDataSet({ status: 'IN PROGRESS' })
  const answer = await perform(association, 'N-CREATE', undefined, dataSet)
  expect(answer).toMatchObject({ status: 0, sopInstanceUid: expect.stringMatching(/^2\.25\.\d+$/) })
  expect(await steps(clinic)).toMatchObject([{ sopInstanceUid: answer.sopInstanceUid }])
})

test('a device that is not set to announce is refused the service', async () => {
  await using clinic = await openClinic()
  await using association = await associate(clinic.agent.port)
  await expect(tell(association, 'N-CREATE', { status: 'IN PROGRESS' })).rejects.toMatchObject({
    code: 'STORE_REFUSED',
  })
})

describeWithOdil('Odil', () => {
  test('Odil announces and sends, and its step is complete', async () => {
    using folder = tempFolder()
    const instance = inventedInstance(1000)
    writeFileSync(folder.join('ct.dcm'), Buffer.concat([encodePart10Header(instance), instance.dataSet]))
    await using clinic = await openClinic({ settings: announcing() })
    await using modality = new OdilPeer('scu', clinic.agent.port, folder.join('ct.dcm'))
    expect((await modality.told).filter(({ event }) => event === 'create' || event === 'set')).toEqual([
      { event: 'create', status: 0 },
      { event: 'set', status: 0 },
    ])
    const complete = await until(
      () => steps(clinic),
      ([first]) => first?.completeAt !== null,
    )
    // It names no study: that of its instances is found.
    const { studyInstanceUid } = instance
    const step = { callingAeTitle: 'ODIL', state: 'completed', announced: 1, arrived: 1 }
    expect(complete).toMatchObject([{ ...step, studyInstanceUids: [studyInstanceUid] }])
    expect(clinic.agent.service.study(studyInstanceUid)?.procedureSteps).toMatchObject([step])
  })
})

function associate(port: number): Promise<RequestedAssociation> {
  return openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [
      {
        abstractSyntaxUid: PROCEDURE_STEP_SOP_CLASS_UID,
        transferSyntaxUids: [UID.implicitVrLittleEndian],
      },
    ],
    clock: systemClock,
  })
}

type Service = 'N-CREATE' | 'N-SET' | 'N-ACTION'

const tell = (
  association: RequestedAssociation,
  service: Service,
  step: AnnouncedStep,
  uid = STEP,
): Promise<ServiceAnswer> => perform(association, service, uid, procedureStepDataSet(step))

function perform(
  association: RequestedAssociation,
  service: Service,
  sopInstanceUid: string | undefined,
  dataSet: Buffer,
): Promise<ServiceAnswer> {
  return association.perform({
    service,
    sopClassUid: PROCEDURE_STEP_SOP_CLASS_UID,
    ...(sopInstanceUid !== undefined && { sopInstanceUid }),
    ...(service === 'N-ACTION' && { typeId: 1 }),
    dataSet,
  })
}
