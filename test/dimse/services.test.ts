import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import type { AssociationAnswer, AssociationRequest } from '../../src/dimse/association/association.ts'
import {
  type OutgoingRequest,
  SERVICE_STATUS,
  type ServiceAnswer,
  type ServicePeer,
  type ServiceRequest,
} from '../../src/dimse/association/service.ts'
import { type OpenAssociationOptions, openAssociation } from '../../src/dimse/scu/open-association.ts'
import { DEFAULT_LIMITS } from '../../src/dimse/wire/dimse-limits.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import {
  command,
  commandElements,
  dataPdu,
  echoCommand,
  item,
  pdv,
  RawAssociation,
  RELEASE_REQUEST,
  UID,
  wholeStore,
} from '../support/peers/raw-association.ts'
import type { RecordingHandlers } from '../support/peers/recording-handlers.ts'
import { startListener } from '../support/peers/test-listener.ts'

const COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'
const MPPS = '1.2.840.10008.3.1.2.3.3'
const COMMITMENT = {
  abstractSyntaxUid: UID.storageCommitment,
  transferSyntaxUids: [UID.implicitVrLittleEndian],
}
const PROCEDURE_STEP = { abstractSyntaxUid: MPPS, transferSyntaxUids: [UID.explicitVrLittleEndian] }

test('an N-ACTION reaches its handler whole, however many PDUs it takes, and its answer comes back', async () => {
  await using listener = await startListener({ limits: { maxPduLength: 4096 } })
  const asked = serve(listener.handlers, () => Promise.resolve({ status: 0 }))
  await using association = await openAssociation(to(listener.port))
  const dataSet = randomBytes(100_001)
  expect(await association.perform(commitmentRequest(dataSet))).toEqual({
    status: 0,
    sopInstanceUid: COMMITMENT_INSTANCE,
  })
  expect(asked).toMatchObject([
    {
      service: 'N-ACTION',
      sopClassUid: UID.storageCommitment,
      sopInstanceUid: COMMITMENT_INSTANCE,
      typeId: 1,
      transferSyntaxUid: UID.implicitVrLittleEndian,
      association: { callingAeTitle: 'CT1', calledAeTitle: 'FERRY', peerAddress: '127.0.0.1' },
    },
  ])
  expect(asked[0]?.dataSet?.equals(dataSet)).toBe(true)
})

test('a procedure step is created, named by the one who keeps it, and set; a refusal says why', async () => {
  await using listener = await startListener()
  const asked = serve(listener.handlers, ({ service }) =>
    Promise.resolve(
      service === 'N-CREATE'
        ? { status: 0, sopInstanceUid: '1.2.3.77', dataSet: Buffer.from('attributes') }
        : { status: SERVICE_STATUS.ProcessingFailure, errorComment: 'may no longer be updated' },
    ),
  )
  await using association = await openAssociation(to(listener.port))
  const created = await association.perform({
    service: 'N-CREATE',
    sopClassUid: MPPS,
    dataSet: Buffer.from('IN'),
  })
  expect(created).toEqual({ status: 0, sopInstanceUid: '1.2.3.77', dataSet: Buffer.from('attributes') })
  const set = { service: 'N-SET', sopClassUid: MPPS, sopInstanceUid: '1.2.3.77' } as const
  expect(await association.perform({ ...set, dataSet: Buffer.from('COMPLETED') })).toEqual({
    status: 0x0110,
    sopInstanceUid: '1.2.3.77',
    errorComment: 'may no longer be updated',
  })
  expect(
    asked.map(({ service, sopInstanceUid, transferSyntaxUid }) => [
      service,
      sopInstanceUid,
      transferSyntaxUid,
    ]),
  ).toEqual([
    ['N-CREATE', undefined, UID.explicitVrLittleEndian],
    ['N-SET', '1.2.3.77', UID.explicitVrLittleEndian],
  ])
  expect(await association.echo()).toBe(0)
})

test.each<[string, RecordingHandlers['request'], number]>([
  ['whose handler fails', () => Promise.reject(new Error('a defect')), 0x0110],
  ['whose handler fails at once', () => raise(), 0x0110],
  ['that its handler leaves to others', () => undefined, 0x0211],
  ['that nobody handles', undefined, 0x0211],
])('a request %s is answered as such, and the association lives on', async (_, handler, status) => {
  await using listener = await startListener()
  if (handler !== undefined) listener.handlers.request = handler
  await using association = await openAssociation(to(listener.port))
  expect((await association.perform(commitmentRequest(Buffer.from('data')))).status).toBe(status)
  expect(await association.echo()).toBe(0)
})

test('a request of another SOP class than its context’s is refused', async () => {
  await using listener = await startListener()
  const asked = serve(listener.handlers, () => Promise.resolve({ status: 0 }))
  const raw = await RawAssociation.open(listener.port)
  const elements = { 0x0003: MPPS, 0x0100: 0x0120, 0x0110: 9, 0x0800: 1, 0x1001: '1.2.3' }
  await raw.send(dataPdu(pdv(7, 3, command(elements)), pdv(7, 2, Buffer.from('data'))))
  expect(await raw.response()).toMatchObject({ commandField: 0x8120, messageId: 9, status: 0x0118 })
  expect(asked).toEqual([])
})

test('a data set beyond the limit is read past and refused, and the next one is taken', async () => {
  await using listener = await startListener({ limits: { requestBytesEach: 10_000, requestBytes: 15_000 } })
  const waiting: PromiseWithResolvers<ServiceAnswer>[] = []
  const asked = serve(listener.handlers, () => {
    waiting.push(Promise.withResolvers())
    return waiting.at(-1)?.promise
  })
  await using first = await openAssociation(to(listener.port))
  await using second = await openAssociation(to(listener.port))
  const tooLarge = await first.perform(commitmentRequest(randomBytes(10_001)))
  expect(tooLarge).toMatchObject({ status: 0x0213, errorComment: 'the data set is too large' })
  const held = first.perform(commitmentRequest(randomBytes(10_000)))
  await turns(() => waiting.length === 1)
  // the first association holds 10,000 of the 15,000 bytes that there are for all
  expect((await second.perform(commitmentRequest(randomBytes(5001)))).status).toBe(0x0213)
  waiting[0]?.resolve({ status: 0 })
  expect((await held).status).toBe(0)
  const taken = second.perform(commitmentRequest(randomBytes(10_000)))
  await turns(() => waiting.length === 2)
  waiting[1]?.resolve({ status: 0 })
  expect((await taken).status).toBe(0)
  expect(asked.map(({ dataSet }) => dataSet?.length)).toEqual([10_000, 10_000])
})

test('the requester is told on the same association, after the answer to the request', async () => {
  await using listener = await startListener()
  const told: Promise<ServiceAnswer>[] = []
  serve(listener.handlers, (_, peer) => {
    told.push(peer.report(event(Buffer.from('all is well'))))
    return Promise.resolve({ status: 0 })
  })
  const reports: ServiceRequest[] = []
  const handler = (request: ServiceRequest): Promise<ServiceAnswer> => {
    reports.push(request)
    return Promise.resolve({ status: 0 })
  }
  const services = { handler, log: silentLog }
  await using association = await openAssociation({ ...to(listener.port), services })
  expect((await association.perform(commitmentRequest(Buffer.from('data')))).status).toBe(0)
  expect(await told[0]).toEqual({ status: 0 })
  expect(reports).toMatchObject([
    {
      service: 'N-EVENT-REPORT',
      sopInstanceUid: COMMITMENT_INSTANCE,
      typeId: 1,
      sopClassUid: UID.storageCommitment,
    },
  ])
  expect(reports[0]?.dataSet?.toString()).toBe('all is well')
  expect(await association.echo()).toBe(0)
})

test('a report waits while the device is owed an answer, and keeps to the device’s limit for PDUs', async () => {
  await using listener = await startListener()
  const peers: ServicePeer[] = []
  serve(listener.handlers, (_, peer) => {
    peers.push(peer)
    return Promise.resolve({ status: 0 })
  })
  const finish = Promise.withResolvers<void>()
  listener.handlers.onFinish = () => finish.promise.then(() => ({ status: 0 }))
  const raw = await RawAssociation.open(listener.port, { maxPduLength: 1000 })
  await raw.send(nAction())
  expect(await raw.response()).toMatchObject({ commandField: 0x8130, status: 0 })
  await raw.send(wholeStore(Buffer.from('data'), 2))
  await turns(() => listener.handlers.sinks[0]?.isFinished === true)
  const dataSet = randomBytes(5001)
  const reporting = peers[0]?.report(event(dataSet))
  expect(peers[0]?.canBeTold).toBe(false)
  expect(raw.unread).toBe(0)
  finish.resolve()
  expect(await raw.response()).toMatchObject({ commandField: 0x8001, messageId: 2 })
  const asked = commandElements(await raw.pdu())
  expect(asked.get(0x0100)?.readUInt16LE()).toBe(0x0100)
  expect(asked.get(0x1002)?.readUInt16LE()).toBe(1)
  const values: Buffer[] = []
  for (let isLast = false; !isLast; ) {
    const { body } = await raw.pdu()
    expect(body.length).toBeLessThanOrEqual(1000)
    values.push(body.subarray(6))
    isLast = body.readUInt8(5) === 2
  }
  expect(Buffer.concat(values).equals(dataSet)).toBe(true)
  await raw.send(eventResponse(asked.get(0x0110)?.readUInt16LE() ?? 0, 0x0110))
  expect(await reporting).toEqual({ status: 0x0110 })
  expect(peers[0]?.canBeTold).toBe(true)
})

test.each([
  ['releases', RELEASE_REQUEST, 'released'],
  ['aborts', Buffer.of(7, 0, 0, 0, 0, 4, 0, 0, 0, 0), 'aborted'],
])(
  'a report to a device that %s instead of answering fails, and so does the next one',
  async (_, pdu, words) => {
    await using listener = await startListener()
    const peers: ServicePeer[] = []
    serve(listener.handlers, (__, peer) => {
      peers.push(peer)
      return Promise.resolve({ status: 0 })
    })
    const raw = await RawAssociation.open(listener.port)
    await raw.send(nAction())
    await raw.response()
    const reporting = peers[0]?.report(event(Buffer.from('data')))
    await raw.pdu()
    await raw.send(pdu)
    const failure = { code: 'ASSOCIATION_ABORTED', message: expect.stringContaining(words) as unknown }
    await expect(reporting).rejects.toMatchObject(failure)
    expect(peers[0]?.canBeTold).toBe(false)
    await expect(peers[0]?.report(event(Buffer.from('data')))).rejects.toMatchObject(failure)
  },
)

test('a report that is not answered in time fails, and a late answer does no harm', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const peers: ServicePeer[] = []
  serve(listener.handlers, (_, peer) => {
    peers.push(peer)
    return Promise.resolve({ status: 0 })
  })
  const raw = await RawAssociation.open(listener.port)
  await raw.send(nAction())
  await raw.response()
  const reporting = peers[0]?.report(event(Buffer.from('data')))
  const asked = commandElements(await raw.pdu())
  clock.advance(DEFAULT_LIMITS.pduMs)
  await expect(reporting).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
  expect(peers[0]?.canBeTold).toBe(false)
  await raw.pdu()
  await raw.send(eventResponse(asked.get(0x0110)?.readUInt16LE() ?? 0, 0), dataPdu(pdv(3, 3, echoCommand(5))))
  expect(await raw.response()).toMatchObject({ commandField: 0x8030, messageId: 5, status: 0 })
  expect(peers[0]?.canBeTold).toBe(true)
})

test('we are SCP by role selection on a new association, and report; the agreed roles are on the wire', async () => {
  await using listener = await startListener()
  listener.handlers.onAnswer = (request) => accept(request, true)
  const asked = serve(listener.handlers, () => Promise.resolve({ status: 0 }))
  const contexts = [{ ...COMMITMENT, proposesScp: true } as const]
  await using association = await openAssociation({ ...to(listener.port), contexts })
  expect(listener.handlers.requests[0]?.contexts).toMatchObject([{ proposesScp: true }])
  const answer = await association.perform({ service: 'N-EVENT-REPORT', ...event(Buffer.from('report')) })
  expect(answer.status).toBe(0)
  expect(asked).toMatchObject([{ service: 'N-EVENT-REPORT', typeId: 1 }])

  expect(await rolesGranted(listener.port)).toEqual([0, 1])
  listener.handlers.onAnswer = (request) => accept(request, false)
  expect(await rolesGranted(listener.port)).toEqual([0, 0])
})

test('a peer that asks on our association is answered while our own request waits', async () => {
  await using listener = await startListener()
  const told: Promise<ServiceAnswer>[] = []
  serve(listener.handlers, async ({ typeId }, peer) => {
    if (typeId === 1) told.push(peer.report(event(Buffer.from('early'))))
    return Promise.resolve({ status: 0 })
  })
  const services = { handler: () => undefined, log: silentLog }
  await using association = await openAssociation({ ...to(listener.port), services })
  await association.perform(commitmentRequest(Buffer.from('data')))
  const second = association.perform({ ...commitmentRequest(Buffer.from('data')), typeId: 2 })
  expect((await second).status).toBe(0)
  expect(await told[0]).toEqual({ status: 0x0211 })
})

function to(port: number): OpenAssociationOptions {
  const echo = { abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }
  return {
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    contexts: [COMMITMENT, PROCEDURE_STEP, echo],
    clock: systemClock,
  }
}

/** Answers requests, and keeps them. */
function serve(
  handlers: RecordingHandlers,
  answer: (request: ServiceRequest, peer: ServicePeer) => Promise<ServiceAnswer> | undefined,
): ServiceRequest[] {
  const asked: ServiceRequest[] = []
  handlers.request = (request, peer) => {
    asked.push(request)
    return answer(request, peer)
  }
  return asked
}

function commitmentRequest(dataSet: Buffer): OutgoingRequest {
  return {
    service: 'N-ACTION',
    sopClassUid: UID.storageCommitment,
    sopInstanceUid: COMMITMENT_INSTANCE,
    typeId: 1,
    dataSet,
  }
}

function event(dataSet: Buffer): Omit<OutgoingRequest, 'service'> {
  return { sopClassUid: UID.storageCommitment, sopInstanceUid: COMMITMENT_INSTANCE, typeId: 1, dataSet }
}

/** N-ACTION on context 7. */
function nAction(): Buffer {
  const elements = {
    0x0003: UID.storageCommitment,
    0x0100: 0x0130,
    0x0110: 1,
    0x0800: 1,
    0x1001: COMMITMENT_INSTANCE,
    0x1008: 1,
  }
  return dataPdu(pdv(7, 3, command(elements)), pdv(7, 2, Buffer.from('data')))
}

function eventResponse(messageId: number, status: number): Buffer {
  const elements = {
    0x0002: UID.storageCommitment,
    0x0100: 0x8100,
    0x0120: messageId,
    0x0800: 0x0101,
    0x0900: status,
  }
  return dataPdu(pdv(7, 3, command(elements)))
}

function accept({ contexts }: AssociationRequest, acceptScp: boolean): AssociationAnswer {
  const [context] = contexts
  const transferSyntaxUid = context?.transferSyntaxUids[0] ?? ''
  return { accept: true, contexts: new Map([[context?.id ?? 0, { transferSyntaxUid, acceptScp }]]) }
}

/** The SCU and SCP role that are granted to one who proposes to be SCP of storage commitment, and no SCU. */
async function rolesGranted(port: number): Promise<number[]> {
  const uid = Buffer.from(UID.storageCommitment)
  const name = Buffer.concat([Buffer.of(0, uid.length), uid])
  const contexts = [
    { id: 1, abstractSyntax: UID.storageCommitment, transferSyntaxes: [UID.implicitVrLittleEndian] },
  ]
  const raw = await RawAssociation.connect(port)
  const { body } = await raw.associate({
    contexts,
    userItems: [item(0x54, Buffer.concat([name, Buffer.of(0, 1)]))],
  })
  raw.close()
  const at = body.indexOf(name) + name.length
  return [...body.subarray(at, at + 2)]
}

function raise(): never {
  throw new Error('a defect')
}

async function turns(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
