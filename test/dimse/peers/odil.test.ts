import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import type { ServiceAnswer, ServiceRequest } from '../../../src/dimse/association/service.ts'
import { openAssociation } from '../../../src/dimse/scu/open-association.ts'
import type { RequestedAssociation } from '../../../src/dimse/scu/requested-association.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { until } from '../../support/clocks/until.ts'
import { commitmentDataSet } from '../../support/instances/commitment-data-set.ts'
import { inventedInstance } from '../../support/instances/invented-instance.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { describeWithOdil, OdilPeer } from '../../support/peers/odil.ts'
import { UID } from '../../support/peers/raw-association.ts'
import { startListener } from '../../support/peers/test-listener.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'
const MPPS = '1.2.840.10008.3.1.2.3.3'

describeWithOdil('Odil', () => {
  test('Odil as a modality stores, keeps a procedure step, asks for commitment and is told on its association', async () => {
    using folder = tempFolder()
    const instance = inventedInstance(300_000)
    writeFileSync(folder.join('ct.dcm'), Buffer.concat([encodePart10Header(instance), instance.dataSet]))
    await using listener = await startListener()
    const asked: ServiceRequest[] = []
    const told: Promise<ServiceAnswer>[] = []
    listener.handlers.request = (request, peer) => {
      asked.push(request)
      const { sopClassUid, dataSet = Buffer.alloc(0) } = request
      const event = { sopClassUid, sopInstanceUid: COMMITMENT_INSTANCE, typeId: 1, dataSet }
      if (request.service === 'N-ACTION') told.push(peer.report(event))
      return Promise.resolve({ status: 0 })
    }
    await using modality = new OdilPeer('scu', listener.port, folder.join('ct.dcm'))
    const { sopInstanceUid } = instance
    expect(await modality.told).toEqual([
      { event: 'echo' },
      { event: 'store', instance: sopInstanceUid },
      { event: 'create', status: 0 },
      { event: 'set', status: 0 },
      { event: 'action', status: 0 },
      { event: 'report', type: 1, transaction: '1.2.826.0.1.3680043.2.1.78', instances: [sopInstanceUid] },
      { event: 'released' },
    ])
    expect(await told[0]).toEqual({ status: 0 })
    expect(asked).toMatchObject([
      { service: 'N-CREATE', sopClassUid: MPPS, sopInstanceUid: '1.2.826.0.1.3680043.2.1.77' },
      { service: 'N-SET', sopClassUid: MPPS, sopInstanceUid: '1.2.826.0.1.3680043.2.1.77' },
      { service: 'N-ACTION', sopClassUid: UID.storageCommitment, typeId: 1 },
    ])
    expect(listener.handlers.sinks[0]?.byteLength).toBe(instance.dataSet.length)
  })

  test('Odil as the other side understands all that we store, create, set, ask and report', async () => {
    const port = await freePort()
    await using archive = new OdilPeer('scp', port)
    await archive.firstEvent
    const instance = inventedInstance(300_000)
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
    await using association = await until(() => open(port, transferSyntaxUid), Boolean)
    const dataSet = commitmentDataSet('1.2.3.99', [{ sopClassUid, sopInstanceUid }])
    expect(await association?.echo()).toBe(0)
    const stored = await association?.store({ ...instance, dataSet: Readable.from([instance.dataSet]) })
    expect(stored).toEqual({ status: 0 })
    const step = { sopClassUid: MPPS, sopInstanceUid: '1.2.3.77', dataSet }
    const commitment = {
      sopClassUid: UID.storageCommitment,
      sopInstanceUid: COMMITMENT_INSTANCE,
      typeId: 1,
      dataSet,
    }
    expect(await association?.perform({ service: 'N-CREATE', ...step })).toMatchObject({ status: 0 })
    expect(await association?.perform({ service: 'N-SET', ...step })).toMatchObject({ status: 0 })
    expect(await association?.perform({ service: 'N-ACTION', ...commitment })).toMatchObject({ status: 0 })
    expect(await association?.perform({ service: 'N-EVENT-REPORT', ...commitment })).toMatchObject({
      status: 0,
    })
    await association?.release()
    const events = await archive.told
    expect(events.map(({ event }) => event)).toEqual([
      'listening',
      'echo',
      'store',
      'create',
      'set',
      'action',
      'report',
      'released',
    ])
    expect(events[6]).toMatchObject({ type: 1, transaction: '1.2.3.99', instances: [sopInstanceUid] })
    expect(events[4]).toMatchObject({ sopClass: MPPS })
  })
})

/** An association once the peer listens. */
async function open(port: number, storageSyntax: string): Promise<RequestedAssociation | undefined> {
  const contexts = [
    context(UID.verification),
    context(UID.ctImageStorage, storageSyntax),
    context(MPPS),
    context(UID.storageCommitment),
  ]
  const titles = { callingAeTitle: 'FERRY', calledAeTitle: 'ODIL' }
  const options = { host: '127.0.0.1', port, ...titles, contexts, clock: systemClock }
  return openAssociation(options).catch((error: unknown) => {
    if (String(error).includes('ECONNREFUSED')) return undefined
    throw error
  })
}

function context(
  abstractSyntaxUid: string,
  syntax: string = UID.implicitVrLittleEndian,
): { abstractSyntaxUid: string; transferSyntaxUids: string[] } {
  return { abstractSyntaxUid, transferSyntaxUids: [syntax] }
}
