import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { prepareLibrary } from '../dcmjs/library.ts'
import { type Accepted, LibraryRequestor, type Proposal, rejected } from '../dcmjs/library-requestor.ts'
import { Connection, giveUp } from '../wire/connection.ts'
import { DEFAULT_LIMITS } from '../wire/dimse-limits.ts'
import { checkPeerLimit } from '../wire/encode-message.ts'
import { PDU_TYPE, timedOut } from '../wire/pdu.ts'
import { PduReader, unexpectedPdu } from '../wire/pdu-reader.ts'
import { ReadingTurns } from '../wire/reading-turns.ts'
import { Watchdog } from '../wire/watchdog.ts'
import { openSocket, type TlsProposal } from './open-socket.ts'
import { calledOff, RequestedAssociation, type RequestorServices } from './requested-association.ts'
import { DEFAULT_TIMEOUTS, type RequestorTimeouts } from './requestor-timeouts.ts'

export interface OpenAssociationOptions {
  readonly host: string
  readonly port: number
  /** AE titles: 1 to 16 characters. */
  readonly callingAeTitle: string
  readonly calledAeTitle: string
  /** At most 128. */
  readonly contexts: readonly {
    readonly abstractSyntaxUid: string
    readonly transferSyntaxUids: readonly string[]
    /** True if we would be SCP of the class, to send N-EVENT-REPORT (PS3.7 §D.3.3.4). */
    readonly proposesScp?: true
  }[]
  readonly clock: Clock
  /** At most 16 characters; default: that of the whole program. */
  readonly implementationVersionName?: string
  /** Without it the connection is plain DICOM. */
  readonly tls?: TlsProposal
  /** Answers requests of the peer; without it such a request aborts the association. */
  readonly services?: RequestorServices
  readonly timeouts?: Partial<RequestorTimeouts>
}

/**
 * Connects and negotiates. Fails with ASSOCIATION_FAILED (no connection), ASSOCIATION_REJECTED (the peer's reason in
 * words), ASSOCIATION_ABORTED, TLS_FAILED, or PROTOCOL_VIOLATION; an aborted `signal` ends it, and the association later on.
 */
export async function openAssociation(
  options: OpenAssociationOptions,
  signal?: AbortSignal,
): Promise<RequestedAssociation> {
  const proposal = checkProposal(options)
  prepareLibrary()
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const socket = await openSocket(options, timeouts.connectMs, signal)
  const connection = new Connection(socket, options.clock, new ReadingTurns())
  const watchdog = new Watchdog(options.clock, (waitedFor) => connection.fail(timedOut(waitedFor)))
  const reader = new PduReader(connection, watchdog, DEFAULT_LIMITS)
  const stopListening = onAbort(signal, () => connection.fail(calledOff()))
  try {
    watchdog.set(timeouts.associateMs, 'the answer to an association request')
    const accepted = await request(connection, reader, proposal)
    watchdog.stop()
    const opened = {
      connection,
      reader,
      watchdog,
      timeouts,
      accepted,
      clock: options.clock,
      association: { ...proposal, peerAddress: options.host, peerPort: options.port },
      ...(options.services === undefined ? {} : { services: options.services }),
    }
    return new RequestedAssociation(opened, stopListening)
  } catch (error) {
    watchdog.close()
    stopListening()
    throw giveUp(connection, error, DEFAULT_LIMITS.lingerMs)
  }
}

async function request(connection: Connection, reader: PduReader, proposal: Proposal): Promise<Accepted> {
  const library = new LibraryRequestor(proposal)
  await connection.write(library.request())
  const answer = await reader.next()
  if (answer.type === 'fragment') throw unexpectedPdu(PDU_TYPE.data, 'instead of an answer')
  if (answer.pduType === PDU_TYPE.associateReject) throw rejected(answer.body)
  if (answer.pduType !== PDU_TYPE.associateAccept) throw unexpectedPdu(answer.pduType, 'instead of an answer')
  const accepted = library.accepted(answer.body)
  checkPeerLimit(accepted.maxPduLength)
  return accepted
}

function checkProposal({
  callingAeTitle,
  calledAeTitle,
  contexts,
  implementationVersionName,
}: OpenAssociationOptions): Proposal {
  for (const title of [callingAeTitle, calledAeTitle]) {
    if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(title)) {
      throw new Failure('CONFIG_INVALID', `not an AE title of 1 to 16 characters: ${JSON.stringify(title)}`)
    }
  }
  if (contexts.length > 128) {
    throw new Failure('INTERNAL', `proposing ${contexts.length} presentation contexts, at most 128`)
  }
  return {
    callingAeTitle,
    calledAeTitle,
    maxPduLength: DEFAULT_LIMITS.maxPduLength,
    ...(implementationVersionName === undefined ? {} : { implementationVersionName }),
    contexts: contexts.map((context, index) => ({ id: 2 * index + 1, ...context })),
  }
}

/** Calls back once if the signal is aborted; the returned function stops listening. */
function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (signal?.aborted === true) call()
  signal?.addEventListener('abort', call, { once: true })
  return () => signal?.removeEventListener('abort', call)
}
