import { expect, test } from '@jest/globals'
import { COMMITMENT_SOP_INSTANCE_UID } from '../../src/dicom/edit/commitment-data-set.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import type { AssociationAnswer, AssociationRequest } from '../../src/dimse/association/association.ts'
import type { ServiceHandler, ServiceRequest } from '../../src/dimse/association/service.ts'
import { openAssociation } from '../../src/dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../src/dimse/scu/requested-association.ts'
import { readTlsCredentials } from '../../src/dimse/tls/tls-credentials.ts'
import type { TlsAcceptance } from '../../src/dimse/tls/tls-gate.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import type { CommitmentsView } from '../../src/protocol/commitments-api.ts'
import { until } from '../support/clocks/until.ts'
import { commitmentDataSet } from '../support/instances/commitment-data-set.ts'
import { InventedAuthority } from '../support/instances/invented-certificates.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { describeWithOrthanc } from '../support/peers/describe-with-orthanc.ts'
import { freePort } from '../support/peers/free-port.ts'
import { Orthanc } from '../support/peers/orthanc.ts'
import { UID } from '../support/peers/raw-association.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { allSettled, type ClinicOptions, openClinic } from '../support/programs/clinic.ts'

const HOUR_MS = 3_600_000
const CALLED = { host: '127.0.0.1' }
const PATIENT = { arrivalMs: HOUR_MS, receiptMs: HOUR_MS, reportMs: HOUR_MS }

type Instance = ReturnType<typeof inventedInstance>

test('a device that keeps its association open is told on it, after the receipt and not before', async () => {
  await using clinic = await openClinic()
  await clinic.stopCenter()
  const instance = inventedInstance(1000)
  await sendInstances(clinic.agent.port, [instance])
  const told: ServiceRequest[] = []
  await using association = await associate(clinic.agent.port, (request) => {
    told.push(request)
    return Promise.resolve({ status: 0 })
  })
  const transaction = await ask(association, [instance])
  await isCutOff(clinic)
  expect(await commitments(clinic)).toMatchObject([{ state: 'open', committed: 0, attempts: 0 }])
  expect(told).toEqual([])

  await clinic.startCenter()
  await until(() => told.length, Boolean)
  expect(clinic.agent.service.status().deliveries).toMatchObject({ confirmed: 1 })
  expect(told).toMatchObject([
    { service: 'N-EVENT-REPORT', typeId: 1, sopInstanceUid: COMMITMENT_SOP_INSTANCE_UID },
  ])
  expect(told[0]?.dataSet).toEqual(commitmentDataSet(transaction, [instance]))
  await until(
    () => commitments(clinic),
    ([first]) => first?.state === 'reported',
  )
})

test('a device that has gone is told on an association of ours, also when the agent was restarted in between', async () => {
  await using device = await startDevice()
  await using clinic = await openClinic({ settings: settingsFor('CT1', device.port) })
  await clinic.stopCenter()
  const instances = [inventedInstance(1000), inventedInstance(1000)]
  await sendInstances(clinic.agent.port, instances)
  const association = await associate(clinic.agent.port)
  const transaction = await ask(association, instances)
  await association.release()
  await clinic.stopAgent()
  await clinic.startAgent()
  await isCutOff(clinic)
  expect(await commitments(clinic)).toMatchObject([{ state: 'open', committed: 0, attempts: 0 }])
  expect(device.told).toEqual([])

  await clinic.startCenter()
  await until(() => device.told.length, Boolean)
  expect(clinic.agent.service.status().deliveries).toMatchObject({ confirmed: 2 })
  expect(device.told[0]).toMatchObject({
    typeId: 1,
    association: { callingAeTitle: 'FERRY', calledAeTitle: 'CT1' },
  })
  expect(device.told[0]?.association.contexts).toMatchObject([{ proposesScp: true }])
  expect(device.told[0]?.dataSet).toEqual(commitmentDataSet(transaction, instances))
  await until(
    () => commitments(clinic),
    ([first]) => first?.state === 'reported',
  )

  await clinic.stopAgent()
  await clinic.startAgent()
  expect(await commitments(clinic)).toMatchObject([{ state: 'reported', instances: 2, committed: 2 }])
  expect(device.told).toHaveLength(1)
})

test('a device that listens by TLS is told over TLS, with the certificate of the door', async () => {
  using authority = await InventedAuthority.create()
  const [ours, theirs] = [await authority.issue('ferry'), await authority.issue('ct1')]
  const tls = { credentials: readTlsCredentials(theirs), clientCertificates: 'required' as const }
  await using device = await startDevice(tls)
  const settings = settingsFor('CT1', device.port)
  const door = { port: 0, ...ours, clientCertificates: 'required' as const }
  const listener = { name: 'main', host: '127.0.0.1', port: 0, aeTitles: ['FERRY'], tls: door }
  const devices = settings.devices?.map((one) => ({
    ...one,
    dicom: { ...CALLED, port: device.port, tls: true },
  }))
  await using clinic = await openClinic({ settings: { ...settings, listener, ...(devices && { devices }) } })
  const instance = inventedInstance(1000)
  await sendInstances(clinic.agent.port, [instance])
  const association = await associate(clinic.agent.port)
  const transaction = await ask(association, [instance])
  await association.release()
  await until(() => device.told.length, Boolean)
  expect(device.told[0]?.dataSet).toEqual(commitmentDataSet(transaction, [instance]))
  expect(device.told[0]?.association.tls?.certificate?.subject).toBe('CN=ferry')
})

test('a device whose address is unknown is in the alarms', async () => {
  await using clinic = await openClinic()
  const instance = inventedInstance(1000)
  await sendInstances(clinic.agent.port, [instance])
  const association = await associate(clinic.agent.port)
  await ask(association, [instance])
  await association.release()
  const alarms = await until(
    () => clinic.agent.service.status().alarms,
    ({ length }) => length > 0,
  )
  expect(alarms).toMatchObject([{ code: 'COMMITMENT_UNREPORTED', subject: 'CT1' }])
  expect(await commitments(clinic)).toMatchObject([
    { state: 'open', committed: 1, reasonCode: 'COMMITMENT_UNREPORTED' },
  ])
})

test('requests that cannot be kept are refused, and nothing of them is written down', async () => {
  await using clinic = await openClinic()
  await using association = await associate(clinic.agent.port)
  const request = {
    service: 'N-ACTION',
    sopClassUid: UID.storageCommitment,
    sopInstanceUid: COMMITMENT_SOP_INSTANCE_UID,
    typeId: 1,
    dataSet: commitmentDataSet('1.2.3', [{ sopClassUid: '1.2', sopInstanceUid: '1.2.3.4' }]),
  } as const
  expect(await association.perform({ ...request, sopInstanceUid: '1.2.3' })).toMatchObject({ status: 0x0112 })
  expect(await association.perform({ ...request, typeId: 2 })).toMatchObject({ status: 0x0123 })
  expect(await association.perform({ ...request, service: 'N-SET' })).toMatchObject({ status: 0x0211 })
  const empty = commitmentDataSet('1.2.3', [])
  expect(await association.perform({ ...request, dataSet: empty })).toMatchObject({
    status: 0x0115,
    errorComment: 'no referenced instances',
  })
  const cut = request.dataSet.subarray(0, 30)
  expect(await association.perform({ ...request, dataSet: cut })).toMatchObject({ status: 0x0115 })
  expect(await commitments(clinic)).toEqual([])
  expect(await association.perform(request)).toMatchObject({ status: 0 })
  expect(await commitments(clinic)).toMatchObject([{ transactionUid: '1.2.3' }])
})

describeWithOrthanc('Orthanc', () => {
  test('Orthanc asks, and is told of success after the receipt, though the agent was restarted in between', async () => {
    await using site = await openWithOrthanc(PATIENT)
    const { clinic, orthanc } = site
    await clinic.stopCenter()
    const id = await site.upload(inventedInstance(1000))
    await orthanc.post('/modalities/ferry/store', id)
    const { ID: transaction } = await site.ask([id])
    await clinic.stopAgent()
    await clinic.startAgent()
    await isCutOff(clinic)
    expect(await commitments(clinic)).toMatchObject([{ state: 'open', committed: 0, attempts: 0 }])
    expect(await site.report(transaction)).toMatchObject({ Status: 'Pending' })
    await clinic.startCenter()
    await until(
      () => commitments(clinic),
      ([first]) => first?.state === 'reported',
    )
    expect(await site.report(transaction)).toMatchObject({ Status: 'Success' })
    expect(clinic.agent.service.status().deliveries).toMatchObject({ confirmed: 1 })
  })

  test('Orthanc is told which of its instances never came', async () => {
    await using site = await openWithOrthanc({ ...PATIENT, arrivalMs: 0 })
    const { clinic, orthanc } = site
    const [sent, kept] = [inventedInstance(1000), inventedInstance(1000)]
    const ids = [await site.upload(sent), await site.upload(kept)] as const
    await orthanc.post('/modalities/ferry/store', ids[0])
    await allSettled(clinic)
    const { ID: transaction } = await site.ask(ids)
    await until(
      () => commitments(clinic),
      ([first]) => first?.state === 'reported',
    )
    expect(await site.report(transaction)).toMatchObject({
      Status: 'Failure',
      Success: [{ SOPInstanceUID: sent.sopInstanceUid }],
      Failures: [{ SOPInstanceUID: kept.sopInstanceUid, FailureReason: 0x0112 }],
    })
  })
})

type OpenClinic = Awaited<ReturnType<typeof openClinic>>

const commitments = async (clinic: OpenClinic): Promise<CommitmentsView['commitments']> =>
  (await clinic.agent.service.commitments(10)).commitments

/** The agent has tried everything again, and could not reach the center. */
async function isCutOff(clinic: OpenClinic): Promise<void> {
  const attempts = clinic.agent.service.status().center.trouble?.attempts ?? 0
  clinic.agent.service.retry()
  const more = (): boolean => (clinic.agent.service.status().center.trouble?.attempts ?? 0) > attempts
  await until(more, Boolean)
}

function settingsFor(aeTitle: string, port: number): NonNullable<ClinicOptions['settings']> {
  return { devices: [{ name: aeTitle, aeTitle, addresses: [], dicom: { host: '127.0.0.1', port } }] }
}

function associate(port: number, handler?: ServiceHandler): Promise<RequestedAssociation> {
  return openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [
      { abstractSyntaxUid: UID.storageCommitment, transferSyntaxUids: [UID.implicitVrLittleEndian] },
    ],
    clock: systemClock,
    ...(handler === undefined ? {} : { services: { handler, log: silentLog } }),
  })
}

/** Returns the UID of the transaction that the agent has accepted. */
async function ask(association: RequestedAssociation, instances: readonly Instance[]): Promise<string> {
  const transaction = newUid()
  const { status } = await association.perform({
    service: 'N-ACTION',
    sopClassUid: UID.storageCommitment,
    sopInstanceUid: COMMITMENT_SOP_INSTANCE_UID,
    typeId: 1,
    dataSet: commitmentDataSet(transaction, instances),
  })
  if (status !== 0) throw new Error(`refused with ${status}`)
  return transaction
}

/** A modality that listens for reports. */
async function startDevice(
  tls?: TlsAcceptance,
): Promise<AsyncDisposable & { port: number; told: ServiceRequest[] }> {
  const listener = await startListener(tls && { tls })
  const told: ServiceRequest[] = []
  listener.handlers.onAnswer = acceptScp
  listener.handlers.request = (request) => {
    told.push(request)
    return Promise.resolve({ status: 0 })
  }
  return { port: listener.port, told, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() }
}

function acceptScp({ contexts }: AssociationRequest): AssociationAnswer {
  const accepted = contexts.map(({ id, transferSyntaxUids: [first = ''] }) => {
    return [id, { transferSyntaxUid: first, acceptScp: true }] as const
  })
  return { accept: true, contexts: new Map(accepted) }
}

interface Site extends AsyncDisposable {
  clinic: OpenClinic
  orthanc: Orthanc
  upload: (instance: Instance) => Promise<string>
  ask: (ids: readonly string[]) => Promise<{ ID: string }>
  report: (transaction: string) => Promise<unknown>
}

async function openWithOrthanc(commitment: typeof PATIENT): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const port = await freePort()
  const ferry = { AET: 'FERRY', Host: '127.0.0.1', Port: port }
  const orthanc = stack.use(await Orthanc.start({ DicomModalities: { ferry } }))
  const listener = { name: 'main', host: '127.0.0.1', port, aeTitles: ['FERRY'] }
  const settings = { ...settingsFor('ORTHANC', orthanc.dicomPort), listener, commitment }
  const clinic = stack.use(await openClinic({ settings }))
  const running = stack.move()
  return {
    clinic,
    orthanc,
    upload: async (instance) => {
      const file = Buffer.concat([encodePart10Header(instance), instance.dataSet])
      return ((await orthanc.post('/instances', file)) as { ID: string }).ID
    },
    ask: async (ids) =>
      (await orthanc.post('/modalities/ferry/storage-commitment', { Resources: ids })) as { ID: string },
    report: (transaction) => orthanc.get(`/storage-commitment/${transaction}`),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
