import type { ServiceAnswer, ServicePeer, ServiceRequest } from '../../../src/dimse/association/service.ts'
import type { HostileCase } from './hostile-case.ts'

/** Serves what it is asked, and reports back on the same association, as storage commitment does. */
export function answerRequest(
  request: ServiceRequest,
  peer: ServicePeer,
  mood: HostileCase['sink'],
): Promise<ServiceAnswer> | undefined {
  const { sopClassUid, dataSet } = request
  if (mood === 'throwing') throw new Error('a service that throws')
  if (mood === 'refusing') return undefined
  if (peer.canBeTold) {
    const event = { sopClassUid, sopInstanceUid: '1.2.3', typeId: 1, dataSet: Buffer.alloc(40, 1) }
    // The peer may be gone before it has answered.
    peer.report(event).catch(() => {})
  }
  return Promise.resolve({
    status: 0,
    ...(dataSet === undefined ? {} : { dataSet: dataSet.subarray(0, 20) }),
  })
}
