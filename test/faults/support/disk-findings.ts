import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openQueue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import type { Spool } from '../../../src/agent/queue/spool/spool.ts'
import { CENTER } from '../../../src/agent/send/destination.ts'
import { openRegister } from '../../../src/center/register/sqlite/open-register.ts'
import { parsePart10Header } from '../../../src/dicom/read/part10.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { sha256 } from '../../support/centers/stored-at-center.ts'
import { EXPLICIT_LITTLE_ENDIAN } from '../../support/instances/spool-file-fixture.ts'
import { bytesOf, spooledIn } from '../../support/instances/spooled.ts'

const SOURCES = join(import.meta.dirname, '../../../src')
const QUEUE_SCHEMA = join(SOURCES, 'agent/queue/schema')
const REGISTER_SCHEMA = join(SOURCES, 'center/register/sqlite/schema')

/** Contents of a machine's disk, compared with the promises of its program. */
export interface Findings {
  /** Whole instances on the disk, promised or not. */
  instances: number
  /** SOP Instance UIDs of what was promised and is not there. */
  lost: string[]
  /** Everything else that must not be, in words. */
  troubles: string[]
}

/**
 * Starts the agent's queue on the folder as the agent does, then looks for every acknowledged instance: whole in the spool
 * and in the index; and for every confirmation in the index, which nothing else could bring back.
 */
export async function findOnAgentDisk(
  dataFolder: string,
  acknowledged: ReadonlyMap<string, string>,
  confirmed: ReadonlySet<string>,
): Promise<Findings> {
  using queue = await openQueue(dataFolder, systemClock, [CENTER])
  const { missing } = await recoverSpool(queue, Date.now(), silentLog)
  const spooled = wholeInSpool(queue.spool)
  using open = new DisposableStack()
  const database = open.adopt(Database.open(join(dataFolder, 'queue.sqlite'), QUEUE_SCHEMA), (it) =>
    it.close(),
  )
  const deliveries = database.all<{ uid: string; state: string }>(
    'SELECT i.sop_instance_uid AS uid, d.state FROM delivery d JOIN instance i USING (ulid)',
  )
  const present = database.all<{ ulid: string; uid: string }>(
    'SELECT ulid, sop_instance_uid AS uid FROM instance WHERE removed_at IS NULL',
  )
  const states = new Map(deliveries.map(({ uid, state }) => [uid, state]))
  const lost = Array.from(acknowledged).filter(([uid, digest]) => {
    const isIndexed =
      queue.index.holds({
        sopInstanceUid: uid,
        dataSetSha256: digest,
        transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      }) && states.has(uid)
    return !isIndexed || spooled.get(uid) !== digest
  })
  const unconfirmed = Array.from(confirmed).filter((uid) => states.get(uid) !== 'confirmed')
  return {
    instances: spooled.size,
    lost: lost.map(([uid]) => uid),
    troubles: [
      ...integrityTroubles(database),
      ...missing.map((ulid) => `the index lists ${ulid}, whose file is gone`),
      ...unconfirmed.map((uid) => `the confirmation of ${uid} is gone`),
      ...(present.length === spooled.size ? [] : [`${present.length} rows, ${spooled.size} whole instances`]),
      ...present.flatMap(({ ulid, uid }) =>
        spooled.has(uid) ? [] : [`the index lists ${ulid}, which is torn`],
      ),
    ],
  }
}

/** Looks for every confirmed instance in the center's register and store; what its register lists must be whole. */
export async function findOnCenterDisk(
  folder: string,
  acknowledged: ReadonlyMap<string, string>,
  confirmed: ReadonlySet<string>,
): Promise<Findings> {
  const register = openRegister(folder)
  const count = await register.instances.count()
  register.close()
  using open = new DisposableStack()
  const database = open.adopt(Database.open(join(folder, 'register.sqlite'), REGISTER_SCHEMA), (it) =>
    it.close(),
  )
  const rows = database.all<{ uid: string; digest: string; file: string }>(
    'SELECT sop_instance_uid AS uid, data_set_sha256 AS digest, file FROM instances',
  )
  const stored = new Map<string, string>()
  const broken: string[] = []
  for (const { uid, digest, file } of rows) {
    const found = await dataSetDigest(join(folder, 'instances', file))
    if (found === digest) stored.set(uid, digest)
    else broken.push(`${file} is not the instance that the register lists`)
  }
  const lost = Array.from(confirmed).filter((uid) => stored.get(uid) !== acknowledged.get(uid))
  const isOnceEach =
    count.held === 0 && count.instances === rows.length && stored.size + broken.length === rows.length
  return {
    instances: stored.size,
    lost,
    troubles: [
      ...integrityTroubles(database),
      ...broken,
      ...(isOnceEach ? [] : [`${rows.length} rows, ${stored.size} instances, ${count.held} held`]),
    ],
  }
}

/** Data set digest by SOP Instance UID of every instance whose sealed bytes are those that its trailer was written for. */
function wholeInSpool(spool: Spool): Map<string, string> {
  const whole = new Map<string, string>()
  for (const one of spooledIn(spool.folder)) {
    const { envelope, trailer } = one
    if (sha256(bytesOf(one).subarray(0, trailer.sealedBytes)) === trailer.sealedSha256)
      whole.set(envelope.sopInstanceUid, trailer.dataSetSha256)
  }
  return whole
}

/** Undefined where there is no such file, or no DICOM in it. */
async function dataSetDigest(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  const header = parsePart10Header(bytes)
  return header === undefined ? undefined : sha256(bytes.subarray(header.headerBytes))
}

function integrityTroubles(database: Database): string[] {
  return database
    .all<{ integrity_check: string }>('PRAGMA integrity_check')
    .map((row) => row.integrity_check)
    .filter((word) => word !== 'ok')
}
