import { Opener } from '../../age/opener.ts'
import { Sealer } from '../../age/sealer.ts'
import { generateIdentity, parseIdentity, parseRecipient } from '../../age/x25519-keys.ts'
import { Failure } from '../../platform/failure.ts'
import { type Envelope, parseEnvelope, parseTrailer, TRAILER_BYTES } from '../../protocol/spool-file.ts'
import { newUlid } from '../../protocol/ulid.ts'
import { SpoolFileSealer } from './seal-spool-file.ts'

/**
 * Number of rounds after which the engine has compiled the code that every instance uses, before the first device
 * calls.
 */
const ROUNDS = 24
const DATA_SET = Buffer.alloc(200_000, 'rehearsal')

/**
 * Seals an invented instance and opens it again before any real one arrives: cryptography that does not work on this
 * machine must show at start. Takes some tens of ms, once in a process. Throws SEAL_FAILED.
 */
export function rehearseSealing(): void {
  const { identity, recipient } = generateIdentity()
  for (let round = 0; round < ROUNDS; round++) {
    const file = seal(recipient)
    const envelope = parseEnvelope(file)
    const { sealedBytes } = parseTrailer(file.subarray(-TRAILER_BYTES), file.length)
    const opener = new Opener([parseIdentity(identity)])
    const opened = [...opener.update(file.subarray(envelope?.bytesRead, sealedBytes)), ...opener.final()]
    if (!Buffer.concat(opened).equals(DATA_SET)) {
      throw new Failure('SEAL_FAILED', 'rehearsing: what was sealed does not open to what it was')
    }
  }
}

function seal(recipient: string): Buffer {
  const sealer = new SpoolFileSealer(invented(), Buffer.alloc(0), new Sealer([parseRecipient(recipient)]))
  const blocks = [...sealer.start(), ...sealer.push(DATA_SET), ...sealer.finish().blocks]
  return Buffer.concat(blocks)
}

function invented(): Envelope {
  return {
    ulid: newUlid(0),
    arrivedAt: new Date(0).toISOString(),
    listener: 'rehearsal',
    callingAeTitle: '',
    calledAeTitle: '',
    sopClassUid: '',
    sopInstanceUid: '',
    studyInstanceUid: '',
    seriesInstanceUid: '',
    transferSyntaxUid: '',
    part10HeaderBytes: 0,
    policy: 'rehearsal',
  }
}
