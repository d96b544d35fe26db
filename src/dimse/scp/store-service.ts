import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import type { Clock } from '../../platform/clock.ts'
import { describe, type Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { AssociationRequest, StoreAnswer, StoreSink } from '../association/association.ts'
import type { AssociationHandlers } from '../association/association-handlers.ts'
import { receiveDataSet } from '../association/receive-data-set.ts'
import type { CommandSet } from '../wire/command-set.ts'
import type { PduReader } from '../wire/pdu-reader.ts'
import { errorComment } from '../wire/wire-text.ts'
import type { AgreedContext } from './negotiate.ts'

interface StoreService {
  readonly reader: PduReader
  readonly handlers: AssociationHandlers
  readonly clock: Clock
  readonly log: Log
  readonly discardMs: number
}

/** One C-STORE whose command has been read. */
interface StoreCall {
  readonly association: AssociationRequest
  readonly contextId: number
  readonly context: AgreedContext
  readonly command: CommandSet
  readonly messageId: number
}

/** Receives the data set and decides the answer. Even if the command is invalid, its data set is read first. */
export async function performStore(call: StoreCall, service: StoreService): Promise<StoreAnswer> {
  const { reader, clock, discardMs } = service
  const opened = open(call, service)
  const sink = 'sink' in opened ? opened.sink : undefined
  try {
    if (call.command.hasDataSet) await receiveDataSet(reader, call.contextId, sink, clock, discardMs)
  } catch (error) {
    discard(sink, failureFrom(error, 'ASSOCIATION_ABORTED', 'receiving an instance'), service.log)
    throw error
  }
  reader.stopTimer()
  return 'sink' in opened ? finish(opened.sink, service.log) : opened.refused
}

function open(
  call: StoreCall,
  { handlers, log }: StoreService,
): { sink: StoreSink } | { refused: StoreAnswer } {
  const { sopClassUid, sopInstanceUid, refused } = checkCommand(call)
  if (refused !== undefined) return { refused }
  const { association, messageId } = call
  const { transferSyntaxUid } = call.context
  const request = { sopClassUid, sopInstanceUid, transferSyntaxUid, association, messageId }
  try {
    return { sink: handlers.store(request) }
  } catch (error) {
    log.error('opening an instance failed', { reason: describe(error) })
    return { refused: { status: STORAGE_STATUS.ProcessingFailure } }
  }
}

type Checked =
  | { readonly sopClassUid: string; readonly sopInstanceUid: string; readonly refused?: undefined }
  | { readonly sopClassUid?: undefined; readonly sopInstanceUid?: undefined; readonly refused: StoreAnswer }

function checkCommand({ command, context }: StoreCall): Checked {
  const { affectedSopClassUid: sopClassUid, affectedSopInstanceUid: sopInstanceUid } = command
  if (sopClassUid !== context.abstractSyntaxUid) {
    return refuse(STORAGE_STATUS.DataSetDoesNotMatchSopClass, 'not the SOP class of the presentation context')
  }
  if (sopInstanceUid === undefined) return refuse(STORAGE_STATUS.CannotUnderstand, 'no SOP Instance UID')
  if (!command.hasDataSet) return refuse(STORAGE_STATUS.CannotUnderstand, 'no data set')
  return { sopClassUid, sopInstanceUid }
}

function refuse(status: number, comment: string): Checked {
  return { refused: { status, errorComment: comment } }
}

async function finish(sink: StoreSink, log: Log): Promise<StoreAnswer> {
  try {
    const { status, errorComment: comment } = await sink.finish()
    return comment === undefined ? { status } : { status, errorComment: errorComment(comment) }
  } catch (error) {
    log.error('storing an instance failed', { reason: describe(error) })
    return { status: STORAGE_STATUS.ProcessingFailure }
  }
}

function discard(sink: StoreSink | undefined, reason: Failure, log: Log): void {
  try {
    sink?.discard(reason)
  } catch (error) {
    log.error('discarding an instance failed', { reason: describe(error) })
  }
}
