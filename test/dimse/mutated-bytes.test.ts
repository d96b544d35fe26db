import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkAssociateRequest } from '../../src/dimse/association/associate-request.ts'
import { encodeServiceResponse } from '../../src/dimse/association/service-command.ts'
import { prepareLibrary } from '../../src/dimse/dcmjs/library.ts'
import { LibraryAcceptor } from '../../src/dimse/dcmjs/library-acceptor.ts'
import { LibraryRequestor } from '../../src/dimse/dcmjs/library-requestor.ts'
import { answerableMessageId, parseCommandSet } from '../../src/dimse/wire/command-set.ts'
import { Failure } from '../../src/platform/failure.ts'
import {
  associateAccept,
  associateRequest,
  command as commandSet,
  echoCommand,
  item,
  UID,
} from '../support/peers/raw-association.ts'
import { acceptAll } from '../support/peers/recording-handlers.ts'
import { propertyRuns } from '../support/property-runs.ts'

const CONTEXT = {
  id: 1,
  abstractSyntaxUid: UID.verification,
  transferSyntaxUids: [UID.implicitVrLittleEndian],
}
const PROPOSAL = { callingAeTitle: 'A', calledAeTitle: 'B', maxPduLength: 65_536, contexts: [CONTEXT] }

const EITHER = ['PROTOCOL_VIOLATION', 'understood']

prepareLibrary()

test('an association request with any bytes changed is understood or violates the protocol', () => {
  const role = Buffer.concat([
    Buffer.of(0, UID.verification.length),
    Buffer.from(UID.verification),
    Buffer.of(0, 1),
  ])
  const request = associateRequest({ userItems: [item(0x54, role)] })
  const found = outcomes(request.subarray(6), (body) => {
    const acceptor = new LibraryAcceptor()
    const { contexts, ...titles } = acceptor.request(checkAssociateRequest(body).pdu)
    const answer = acceptAll({ ...titles, contexts, peerAddress: '', peerPort: 0 })
    if (answer.accept) acceptor.accept(answer, 65_536)
  })
  expect(found).toEqual(EITHER)
})

test('an association acceptance with any bytes changed is understood or violates the protocol', () => {
  const found = outcomes(associateAccept({ 1: UID.implicitVrLittleEndian }).subarray(6), (body) => {
    const requestor = new LibraryRequestor(PROPOSAL)
    requestor.request()
    requestor.accepted(body)
  })
  expect(found).toEqual(EITHER)
})

test('a command set with any bytes changed is answered or violates the protocol', () => {
  const acceptor = new LibraryAcceptor()
  acceptor.request(new LibraryRequestor(PROPOSAL).request())
  const contexts = new Map([[1, { transferSyntaxUid: UID.implicitVrLittleEndian }]])
  acceptor.accept({ accept: true, contexts }, 65_536)
  const found = outcomes(echoCommand(), (bytes) => {
    const command = parseCommandSet(bytes)
    answerableMessageId(command)
    if (command.commandField !== 0x0001) acceptor.respond(1, command, bytes)
  })
  expect(found).toEqual(EITHER)
})

test('a command set of N-ACTION with any bytes changed is answered or violates the protocol', () => {
  const asking = {
    0x0003: UID.storageCommitment,
    0x0100: 0x0130,
    0x0110: 9,
    0x0800: 1,
    0x1001: '1.2.3',
    0x1008: 1,
  }
  const found = outcomes(commandSet(asking), (bytes) => {
    const read = parseCommandSet(bytes)
    answerableMessageId(read)
    encodeServiceResponse(read, { status: 0, dataSet: Buffer.alloc(0) })
  })
  expect(found).toEqual(EITHER)
})

/** All that happens when up to six bytes of a good input are others. */
function outcomes(bytes: Buffer, understand: (bytes: Buffer) => void): string[] {
  const found = new Set<string>()
  const change = fc.tuple(fc.noBias(fc.integer({ min: 0, max: bytes.length - 1 })), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const mutated = Buffer.from(bytes)
      for (const [at, byte] of changes) mutated[at] = byte
      found.add(outcome(() => understand(mutated)))
    }),
    { numRuns: propertyRuns(1000) },
  )
  return [...found].toSorted()
}

function outcome(call: () => void): string {
  try {
    call()
    return 'understood'
  } catch (error) {
    return error instanceof Failure ? error.code : String(error)
  }
}
