import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { encodePart10Header, parsePart10Header } from '../../../src/dicom/read/part10.ts'
import type { AssociationAnswer, AssociationRequest } from '../../../src/dimse/association/association.ts'
import type { CallerTrouble } from '../../../src/dimse/association/caller-trouble.ts'
import type { ServiceRequest } from '../../../src/dimse/association/service.ts'
import { type OpenAssociationOptions, openAssociation } from '../../../src/dimse/scu/open-association.ts'
import { readTlsCredentials } from '../../../src/dimse/tls/tls-credentials.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { until } from '../../support/clocks/until.ts'
import { commitmentDataSet } from '../../support/instances/commitment-data-set.ts'
import { InventedAuthority } from '../../support/instances/invented-certificates.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { describeWithOrthanc } from '../../support/peers/describe-with-orthanc.ts'
import { Orthanc } from '../../support/peers/orthanc.ts'
import { UID } from '../../support/peers/raw-association.ts'
import { startListener } from '../../support/peers/test-listener.ts'

const COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'
const COMMITMENT = {
  abstractSyntaxUid: UID.storageCommitment,
  transferSyntaxUids: [UID.implicitVrLittleEndian],
}

describeWithOrthanc('Orthanc', () => {
  test('Orthanc stores here and we store there over TLS, byte for byte', async () => {
    using authority = await InventedAuthority.create('Clinic')
    const ours = await authority.issue('ferry')
    const theirs = await authority.issue('orthanc')
    const troubles: CallerTrouble[] = []
    await using listener = await startListener({
      tls: { credentials: readTlsCredentials(ours), clientCertificates: 'required' },
      onTrouble: (trouble) => void troubles.push(trouble),
    })
    await using orthanc = await Orthanc.start({
      DicomTlsEnabled: true,
      DicomTlsCertificate: theirs.certificate,
      DicomTlsPrivateKey: theirs.key,
      DicomTlsTrustedCertificates: theirs.ca,
      DicomTlsRemoteCertificateRequired: true,
      DicomModalities: { ferry: ferry(listener.port, { UseDicomTls: true }) },
    })
    const instance = inventedInstance(300_000)
    const there = inventedInstance(300_000)
    const contexts = [
      { abstractSyntaxUid: UID.ctImageStorage, transferSyntaxUids: [UID.explicitVrLittleEndian] },
    ]
    const tls = { credentials: readTlsCredentials(ours), checkHost: true }
    {
      await using association = await openAssociation({ ...to(orthanc), contexts, tls })
      const dataSet = Readable.from([there.dataSet])
      expect(await association.store({ ...there, dataSet })).toEqual({ status: 0 })
    }
    const [file = Buffer.alloc(0)] = await orthanc.files()
    expect(sha256(file.subarray(parsePart10Header(file)?.headerBytes))).toBe(sha256(there.dataSet))

    const uploaded = Buffer.concat([encodePart10Header(instance), instance.dataSet])
    const { ID: id } = (await orthanc.post('/instances', uploaded)) as { ID: string }
    await orthanc.post('/modalities/ferry/echo', {})
    await orthanc.post('/modalities/ferry/store', id)
    expect(listener.handlers.sinks.map((sink) => sink.sha256())).toEqual([sha256(instance.dataSet)])
    expect(listener.handlers.requests[0]?.tls?.certificate?.subject).toBe('CN=orthanc')
    expect(troubles).toEqual([])
  })

  test('Orthanc asks for storage commitment, and takes the report on an association that we open as SCP', async () => {
    const asked: ServiceRequest[] = []
    await using listener = await startListener()
    listener.handlers.request = (request) => {
      asked.push(request)
      return Promise.resolve({ status: 0 })
    }
    await using orthanc = await Orthanc.start({ DicomModalities: { ferry: ferry(listener.port) } })
    const instance = inventedInstance(1000)
    const uploaded = Buffer.concat([encodePart10Header(instance), instance.dataSet])
    const { ID: id } = (await orthanc.post('/instances', uploaded)) as { ID: string }
    const job = await orthanc.post('/modalities/ferry/storage-commitment', { Resources: [id], Timeout: 10 })
    const { ID: transaction } = job as { ID: string }
    expect(asked).toMatchObject([
      {
        service: 'N-ACTION',
        typeId: 1,
        sopInstanceUid: COMMITMENT_INSTANCE,
        sopClassUid: UID.storageCommitment,
      },
    ])
    const report = (): Promise<unknown> => orthanc.get(`/storage-commitment/${transaction}`)
    expect(await report()).toMatchObject({ Status: 'Pending' })

    const [request] = asked
    const transferSyntaxUids = [request?.transferSyntaxUid ?? '']
    const contexts = [{ ...COMMITMENT, transferSyntaxUids, proposesScp: true } as const]
    await using association = await openAssociation({ ...to(orthanc), contexts })
    // what reports success for all names the same transaction and the same instances as what asked (PS3.4 §J.3.3.1)
    const answer = await association.perform({
      service: 'N-EVENT-REPORT',
      sopClassUid: UID.storageCommitment,
      sopInstanceUid: COMMITMENT_INSTANCE,
      typeId: 1,
      dataSet: request?.dataSet ?? Buffer.alloc(0),
    })
    expect(answer).toMatchObject({ status: 0 })
    expect(await report()).toMatchObject({
      Status: 'Success',
      Success: [{ SOPInstanceUID: instance.sopInstanceUid }],
    })
  })

  test('Orthanc is asked by us, and reports on an association of its own as SCP', async () => {
    const reports: ServiceRequest[] = []
    await using listener = await startListener()
    listener.handlers.onAnswer = acceptScp
    listener.handlers.request = (request) => {
      reports.push(request)
      return Promise.resolve({ status: 0 })
    }
    await using orthanc = await Orthanc.start({
      DicomModalities: { ferry: ferry(listener.port, { AllowStorageCommitment: true }) },
    })
    const instance = inventedInstance(1000)
    await orthanc.post('/instances', Buffer.concat([encodePart10Header(instance), instance.dataSet]))
    const dataSet = commitmentDataSet('1.2.3.4.99', [instance])
    await using association = await openAssociation({ ...to(orthanc), contexts: [COMMITMENT] })
    const answer = await association.perform({
      service: 'N-ACTION',
      sopClassUid: UID.storageCommitment,
      sopInstanceUid: COMMITMENT_INSTANCE,
      typeId: 1,
      dataSet,
    })
    expect(answer).toMatchObject({ status: 0 })
    await until(() => reports.length, Boolean)
    expect(reports).toMatchObject([
      { service: 'N-EVENT-REPORT', typeId: 1, sopClassUid: UID.storageCommitment },
    ])
    expect(reports[0]?.dataSet?.includes(instance.sopInstanceUid)).toBe(true)
    expect(reports[0]?.dataSet?.includes('1.2.3.4.99')).toBe(true)
    expect(listener.handlers.requests[0]?.contexts).toMatchObject([{ proposesScp: true }])
  })
})

function ferry(port: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { AET: 'FERRY', Host: '127.0.0.1', Port: port, ...more }
}

function to(orthanc: Orthanc): Omit<OpenAssociationOptions, 'contexts'> {
  return {
    host: '127.0.0.1',
    port: orthanc.dicomPort,
    callingAeTitle: 'FERRY',
    calledAeTitle: 'ORTHANC',
    clock: systemClock,
  }
}

function acceptScp({ contexts }: AssociationRequest): AssociationAnswer {
  return {
    accept: true,
    contexts: new Map(
      contexts.map(({ id, transferSyntaxUids: [first = ''] }) => [
        id,
        { transferSyntaxUid: first, acceptScp: true },
      ]),
    ),
  }
}
