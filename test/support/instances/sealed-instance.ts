import { randomBytes } from 'node:crypto'
import { Sealer } from '../../../src/age/sealer.ts'
import { generateIdentity, parseRecipient } from '../../../src/age/x25519-keys.ts'
import { SpoolFileSealer } from '../../../src/agent/envelope/seal-spool-file.ts'
import type { Queue } from '../../../src/agent/queue/open-queue.ts'
import type { SealedInstance } from '../../../src/agent/queue/spool/sealed-instance.ts'
import type { Spool } from '../../../src/agent/queue/spool/spool.ts'
import { encodePart10Header } from '../../../src/dicom/read/part10.ts'
import type { Envelope } from '../../../src/protocol/spool-file.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'

/** A key pair for tests alone. */
export const testIdentity = generateIdentity()

/** A new UID under the UUID root, for invented instances. */
export function newUid(): string {
  return `2.25.${BigInt(`0x${randomBytes(15).toString('hex')}`)}`
}

interface InstanceLike {
  dataSet?: Buffer
  sopInstanceUid?: string
  studyInstanceUid?: string
  seriesInstanceUid?: string
  recipients?: readonly string[]
  callingAeTitle?: string
}

/** A whole spool file of an invented instance, in memory. */
export function sealInstance(
  like: InstanceLike = {},
): { envelope: Envelope; bytes: Buffer } & Pick<SealedInstance, 'trailer'> {
  const sopInstanceUid = like.sopInstanceUid ?? newUid()
  const meta = {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
  }
  const part10Header = encodePart10Header(meta)
  const envelope: Envelope = {
    ...meta,
    ulid: newUlid(Date.now()),
    arrivedAt: new Date().toISOString(),
    listener: 'main',
    callingAeTitle: like.callingAeTitle ?? 'CT1',
    calledAeTitle: 'FERRY',
    studyInstanceUid: like.studyInstanceUid ?? newUid(),
    seriesInstanceUid: like.seriesInstanceUid ?? newUid(),
    part10HeaderBytes: part10Header.length,
    policy: 'identified',
  }
  const recipients = (like.recipients ?? [testIdentity.recipient]).map(parseRecipient)
  const sealer = new SpoolFileSealer(envelope, part10Header, new Sealer(recipients))
  const head = [...sealer.start(), ...sealer.push(like.dataSet ?? randomBytes(1000))]
  const { blocks, trailer } = sealer.finish()
  return { envelope, trailer, bytes: Buffer.concat([...head, ...blocks]) }
}

/** An instance in a file of its own, at this path. */
export interface SpooledInstance extends SealedInstance {
  readonly path: string
}

/** Writes an invented instance into the spool, complete and synced, as intake does before it is accepted. */
export async function spoolInstance(spool: Spool, like: InstanceLike = {}): Promise<SpooledInstance> {
  const { envelope, trailer, bytes } = sealInstance(like)
  const writer = spool.create(envelope.ulid)
  await writer.push([bytes])
  await writer.finish()
  return { path: writer.path, envelope, trailer }
}

/** Takes an invented instance into a segment of the queue's spool. */
export async function recordInstance(
  queue: Queue,
  like: InstanceLike = {},
): Promise<SealedInstance & { readonly bytes: Buffer }> {
  const sealed = sealInstance(like)
  const { bytes, ...instance } = sealed
  await queue.acceptance.acceptImage(instance, [bytes])
  return { ...instance, bytes }
}
