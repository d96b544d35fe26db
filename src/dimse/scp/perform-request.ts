import type { Clock } from '../../platform/clock.ts'
import { describe } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { AssociationRequest } from '../association/association.ts'
import { receiveDataSet } from '../association/receive-data-set.ts'
import {
  SERVICE_STATUS,
  type ServiceAnswer,
  type ServiceHandler,
  type ServiceRequest,
} from '../association/service.ts'
import type { ServiceCommand } from '../association/service-command.ts'
import type { CommandSet } from '../wire/command-set.ts'
import { GatheredDataSet, type GatheringLimits } from '../wire/gathered-data-set.ts'
import type { PduReader } from '../wire/pdu-reader.ts'
import type { AgreedContext } from './negotiate.ts'

interface RequestOptions {
  readonly reader: PduReader
  readonly handler: ServiceHandler
  readonly gathering: GatheringLimits
  readonly clock: Clock
  readonly log: Log
  readonly discardMs: number
}

/** One DIMSE-N request whose command has been read. */
export interface RequestCall {
  readonly association: AssociationRequest
  readonly contextId: number
  readonly context: AgreedContext
  readonly command: CommandSet
  readonly asked: ServiceCommand
}

/** Reads the data set and asks for the answer. Resolves to undefined if the request is not served. */
export async function performRequest(
  call: RequestCall,
  options: RequestOptions,
): Promise<ServiceAnswer | undefined> {
  const { reader, clock, discardMs, log } = options
  using gathered = new GatheredDataSet(options.gathering)
  if (call.command.hasDataSet) await receiveDataSet(reader, call.contextId, gathered, clock, discardMs)
  reader.stopTimer()
  if (gathered.isTooLarge) {
    return { status: SERVICE_STATUS.ResourceLimitation, errorComment: 'the data set is too large' }
  }
  const { asked, context } = call
  if (asked.sopClassUid !== context.abstractSyntaxUid) {
    return {
      status: SERVICE_STATUS.NoSuchSopClass,
      errorComment: 'not the SOP class of the presentation context',
    }
  }
  try {
    return await options.handler(requestOf(call, asked.sopClassUid, gathered))
  } catch (error) {
    log.error('answering a request failed', { service: asked.service, reason: describe(error) })
    return { status: SERVICE_STATUS.ProcessingFailure }
  }
}

function requestOf(call: RequestCall, sopClassUid: string, gathered: GatheredDataSet): ServiceRequest {
  const { asked, association, command, context } = call
  return {
    ...asked,
    sopClassUid,
    association,
    transferSyntaxUid: context.transferSyntaxUid,
    ...(command.hasDataSet ? { dataSet: gathered.whole() } : {}),
  }
}
