import { IMPLEMENTATION_CLASS_UID } from '../../dicom/read/part10.ts'
import { describe, Failure } from '../../platform/failure.ts'
import { encodeEchoRequest, parseCommandSet } from '../wire/command-set.ts'
import { encodePdu, PDU_HEADER_LENGTH, PDU_TYPE, PDV_HEADER_LENGTH } from '../wire/pdu.ts'
import { changed, prepareLibrary } from './library.ts'
import { LibraryAcceptor } from './library-acceptor.ts'
import { LibraryRequestor } from './library-requestor.ts'

const VERIFICATION = '1.2.840.10008.1.1'
const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2'

/**
 * Checks, in memory, every behavior that this folder relies on: both sides negotiate one association, one echo is
 * answered, the association is rejected and released. Throws DIMSE_LIBRARY_CHANGED if the installed dcmjs-dimse behaves
 * differently.
 */
export function checkLibrary(): void {
  try {
    rehearse()
  } catch (error) {
    if (error instanceof Failure && error.code === 'DIMSE_LIBRARY_CHANGED') throw error
    throw changed(describe(error), error)
  }
}

function rehearse(): void {
  prepareLibrary()
  const context = { id: 1, abstractSyntaxUid: VERIFICATION, transferSyntaxUids: [IMPLICIT_VR_LITTLE_ENDIAN] }
  const proposal = { callingAeTitle: 'A', calledAeTitle: 'B', maxPduLength: 65_536, contexts: [context] }
  const requestor = new LibraryRequestor(proposal)
  const acceptor = new LibraryAcceptor()
  const understood = acceptor.request(requestor.request())
  if (understood.callingAeTitle !== 'A' || understood.contexts[0]?.abstractSyntaxUid !== VERIFICATION) {
    throw changed('an A-ASSOCIATE-RQ was read otherwise than written')
  }
  const contexts = new Map([[1, { transferSyntaxUid: IMPLICIT_VR_LITTLE_ENDIAN }]])
  const answer = acceptor.accept({ accept: true, contexts }, 131_072)
  const accepted = requestor.accepted(answer.subarray(PDU_HEADER_LENGTH))
  if (accepted.maxPduLength !== 131_072 || accepted.contexts.length !== 1) {
    throw changed('an A-ASSOCIATE-AC was read otherwise than written')
  }
  if (!answer.includes(IMPLEMENTATION_CLASS_UID)) throw changed('an A-ASSOCIATE-AC does not carry our name')
  checkRole()
  checkEcho(acceptor)
  const release = acceptor.releaseResponse()
  if (!release.equals(encodePdu(PDU_TYPE.releaseResponse, Buffer.alloc(4))))
    throw changed('A-RELEASE-RP differs')
  const rejection = acceptor.reject({ result: 2, source: 3, reason: 2, words: '' })
  if (!rejection.equals(encodePdu(PDU_TYPE.associateReject, Buffer.of(0, 2, 3, 2))))
    throw changed('A-ASSOCIATE-RJ differs')
}

/** An association on which the requestor is SCP (PS3.7 §D.3.3.4). */
function checkRole(): void {
  const context = {
    id: 1,
    abstractSyntaxUid: VERIFICATION,
    transferSyntaxUids: [IMPLICIT_VR_LITTLE_ENDIAN],
    proposesScp: true,
  } as const
  const proposal = { callingAeTitle: 'A', calledAeTitle: 'B', maxPduLength: 65_536, contexts: [context] }
  const acceptor = new LibraryAcceptor()
  const { contexts } = acceptor.request(new LibraryRequestor(proposal).request())
  if (contexts[0]?.proposesScp !== true) throw changed('a role was read otherwise than written')
  const agreed = { transferSyntaxUid: IMPLICIT_VR_LITTLE_ENDIAN, acceptScp: true }
  const answer = acceptor.accept({ accept: true, contexts: new Map([[1, agreed]]) }, 131_072)
  const scp = Buffer.concat([Buffer.from(VERIFICATION), Buffer.of(0, 1)])
  if (!answer.includes(scp)) throw changed('a role was not granted')
}

function checkEcho(acceptor: LibraryAcceptor): void {
  const request = encodeEchoRequest(7, VERIFICATION)
  const response = acceptor.respond(1, parseCommandSet(request), request)
  const command = parseCommandSet(response.subarray(PDU_HEADER_LENGTH + PDV_HEADER_LENGTH))
  if (command.status !== 0 || command.messageIdBeingRespondedTo !== 7)
    throw changed('a C-ECHO was answered otherwise')
}
