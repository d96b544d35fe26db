import { randomBytes } from 'node:crypto'
import type { Database } from '../../../src/platform/sqlite.ts'
import { newUlid, type Ulid } from '../../../src/protocol/ulid.ts'
import { newUid } from './sealed-instance.ts'

interface LargeIndex {
  readonly instances: number
  /** Instances of one study. */
  readonly perStudy: number
  /** When the last of them was confirmed; they came and were confirmed ten in a second. Ms since 1970. */
  readonly untilMs: number
  /** Bytes of one manifest, and of one receipt. */
  readonly statementBytes: number
}

const AT_ONCE = 10_000
const EVERY_MS = 100

/**
 * Fills the index of an agent with instances that are confirmed and whose files are kept, with their studies, manifests and
 * receipts, as their way through the queue would leave them. Yields the ULIDs, study by study.
 */
export function* fillIndex(database: Database, large: LargeIndex): Generator<Ulid[]> {
  const studies = Math.ceil(large.instances / large.perStudy)
  const atOnce = Math.max(1, Math.floor(AT_ONCE / large.perStudy))
  for (let first = 0; first < studies; first += atOnce) {
    const filled = database.transaction(() =>
      Array.from({ length: Math.min(atOnce, studies - first) }, (_, i) =>
        fillStudy(database, large, first + i),
      ),
    )
    yield* filled
  }
}

function fillStudy(database: Database, large: LargeIndex, study: number): Ulid[] {
  const { instances, perStudy, untilMs, statementBytes } = large
  const studyInstanceUid = newUid()
  const from = study * perStudy
  const count = Math.min(perStudy, instances - from)
  const timeOf = (i: number): number => untilMs - (instances - from - i) * EVERY_MS
  const ulids = Array.from({ length: count }, (_, i) => {
    const [at, uid, digest] = [timeOf(i), newUid(), newDigest()]
    const ulid = newUlid(at)
    database.run(INSTANCE, ulid, at, uid, studyInstanceUid, `${studyInstanceUid}.1`, digest)
    database.run(DELIVERY, ulid, studyInstanceUid, at)
    return ulid
  })
  const [firstAt, lastAt] = [timeOf(0), timeOf(count - 1)]
  database.run(STUDY, studyInstanceUid, firstAt, lastAt)
  const jws = 'x'.repeat(statementBytes)
  database.run(MANIFEST, studyInstanceUid, newDigest(), jws, lastAt, jws, lastAt)
  database.run(
    "UPDATE delivery SET state = 'confirmed', kept_from = 0 WHERE study_instance_uid = ? AND destination = 'center' AND state = 'delivered'",
    studyInstanceUid,
  )
  return ulids
}

const newDigest = (): string => randomBytes(32).toString('hex')

const INSTANCE = `
  INSERT INTO instance (ulid, arrived_at, listener, calling_ae_title, sop_class_uid, sop_instance_uid, study_instance_uid,
    series_instance_uid, transfer_syntax_uid, data_set_bytes, data_set_sha256, sealed_bytes, sealed_sha256, center)
  VALUES (?, ?, 'main', 'CT1', '1.2.840.10008.5.1.4.1.1.2', ?, ?, ?, '1.2.840.10008.1.2.1', 525000, ?, 526000,
    '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', (SELECT center FROM own_center))`
const DELIVERY = `
  INSERT INTO delivery (ulid, destination, study_instance_uid, state, changed_at) VALUES (?, 'center', ?, 'delivered', ?)`
const STUDY = `
  INSERT INTO study (destination, study_instance_uid, state, first_arrived_at, last_arrived_at, version)
  VALUES ('center', ?, 'confirmed', ?, ?, 1)`
const MANIFEST = `
  INSERT INTO manifest (destination, study_instance_uid, version, part, parts, digest, jws, created_at, receipt_jws, receipted_at, pacs, center)
  VALUES ('center', ?, 1, 1, 1, ?, ?, ?, ?, ?, 'accepted', (SELECT center FROM own_center))`
