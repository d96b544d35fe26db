import type { Database } from '../../../platform/sqlite.ts'
import type { ReceiptLink } from '../../../protocol/center-api.ts'
import { jwsDigest } from '../../../protocol/jws.ts'
import type { ManifestEntry, ReceiptRegister } from '../register.ts'

/** The same instance may be in filings of several agents; its row is in that of the first. */
const IS_FILING = "m.study_uid GLOB 'no-study-uid:*'"

export class SqliteReceipts implements ReceiptRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async manifestDigests(
    agent: string,
    studyInstanceUid: string,
    version: number,
    part?: number,
  ): Promise<string[]> {
    return this.#db
      .all<{ digest: string }>(
        'SELECT digest FROM manifests WHERE agent = ? AND study_uid = ? AND version = ? AND part = coalesce(?, parts)',
        agent,
        studyInstanceUid,
        version,
        part ?? null,
      )
      .map((row) => row.digest)
  }

  async unknown(agent: string, digests: readonly string[]): Promise<string[]> {
    return this.#db
      .all<{ digest: string }>(
        `SELECT value AS digest FROM json_each(?)
         WHERE NOT EXISTS (SELECT 1 FROM manifests m WHERE m.digest = value AND m.agent = ?)`,
        JSON.stringify(digests),
        agent,
      )
      .map((row) => row.digest)
  }

  async inDoubt(
    agent: string,
    digests: readonly string[],
  ): Promise<{ digest: string; studyInstanceUid: string }[]> {
    return this.#db.all<{ digest: string; studyInstanceUid: string }>(
      `SELECT m.digest, m.study_uid AS studyInstanceUid FROM json_each(?) JOIN manifests m ON m.digest = value
       WHERE m.agent = ? AND (EXISTS (
         SELECT 1 FROM instances i WHERE i.study_uid = m.study_uid AND i.file_state = 'lost')
         OR ${IS_FILING} AND EXISTS (SELECT 1 FROM instances i WHERE i.file_state = 'lost'))`,
      JSON.stringify(digests),
      agent,
    )
  }

  /** Instances that arrived after a receipt do not change its statement. */
  async pacsChanged(agent: string, digests: readonly string[]): Promise<string[]> {
    return this.#db
      .all<{ digest: string }>(
        `SELECT m.digest FROM json_each(?) JOIN manifests m ON m.digest = value
         JOIN (SELECT manifest, max(issued_at) AS at FROM receipts
           WHERE manifest IN (SELECT value FROM json_each(?)) GROUP BY manifest) r ON r.manifest = m.digest
         WHERE m.agent = ? AND EXISTS (
           SELECT 1 FROM instances i WHERE i.study_uid = m.study_uid AND i.pacs_changed_at > r.at
             AND i.stored_at <= r.at)`,
        JSON.stringify(digests),
        JSON.stringify(digests),
        agent,
      )
      .map((row) => row.digest)
  }

  async manifest(digest: string): Promise<string | undefined> {
    return this.#db.get<{ jws: string }>('SELECT jws FROM manifests WHERE digest = ?', digest)?.jws
  }

  async notGiven(agent: string, digests: readonly string[]): Promise<string[]> {
    return this.#db
      .all<{ digest: string }>(
        `SELECT value AS digest FROM json_each(?)
         WHERE NOT EXISTS (SELECT 1 FROM receipts r WHERE r.digest = value AND r.agent = ?)`,
        JSON.stringify(digests),
        agent,
      )
      .map((row) => row.digest)
  }

  async newest(agent: string): Promise<ReceiptLink | undefined> {
    return this.#newest(agent)
  }

  async latest(manifestDigest: string): Promise<string | undefined> {
    return this.#db.get<{ jws: string }>(
      'SELECT jws FROM receipts WHERE manifest = ? ORDER BY counter DESC LIMIT 1',
      manifestDigest,
    )?.jws
  }

  async issue(
    manifest: ManifestEntry,
    sign: (counter: number, previous: string | null) => string,
  ): Promise<string> {
    return this.#db.durably(() => {
      this.#enter(manifest)
      const before = this.#newest(manifest.agent)
      const counter = (before?.counter ?? 0) + 1
      const jws = sign(counter, before?.digest ?? null)
      this.#db.run(
        'INSERT INTO receipts (agent, counter, digest, manifest, jws, issued_at) VALUES (?, ?, ?, ?, ?, ?)',
        manifest.agent,
        counter,
        jwsDigest(jws),
        manifest.digest,
        jws,
        manifest.postedAt,
      )
      return jws
    })
  }

  #newest(agent: string): ReceiptLink | undefined {
    return this.#db.get<ReceiptLink>(
      'SELECT counter, digest FROM receipts WHERE agent = ? ORDER BY counter DESC LIMIT 1',
      agent,
    )
  }

  #enter(manifest: ManifestEntry): void {
    this.#db.run(
      `INSERT OR IGNORE INTO manifests (digest, agent, study_uid, version, part, parts, chain, jws, posted_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      manifest.digest,
      manifest.agent,
      manifest.studyInstanceUid,
      manifest.version,
      manifest.part,
      manifest.parts,
      manifest.chain,
      manifest.jws,
      manifest.postedAt,
    )
  }
}
