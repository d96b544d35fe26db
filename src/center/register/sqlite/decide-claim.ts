import type { Database } from '../../../platform/sqlite.ts'
import type { PacsState } from '../../../protocol/receipt.ts'
import type { Hold, PacsTerms, SettleTerms, StoredMember } from '../register.ts'

/** The decision about a version that an agent brought. */
interface ClaimDecision {
  readonly hold: Hold | null
  /** In words, for the operator. */
  readonly reason: string | null
  readonly pacsState: PacsState
}

/**
 * Decides whether an agent may bring this version to the PACS by itself. A study and a series belong to the agent that
 * brought them first. A SOP Instance UID belongs to the agent whose version may reach the PACS, so a version that is
 * held as foreign or unreadable does not hold back a later one. Records the agent as the owner of UIDs without an
 * owner.
 *
 * `itself`: the row of this version, if it already has one.
 */
export function decideClaim(
  db: Database,
  agent: string,
  member: StoredMember,
  { now, pacs }: SettleTerms,
  itself?: number,
): ClaimDecision {
  const [hold, reason] = holdOf(db, agent, member, pacs, itself)
  if (hold === null || hold === 'conflict')
    own(db, agent, [member.studyInstanceUid, member.seriesInstanceUid], now)
  const isMeant = pacs.isConfigured && pacs.takes(member.policy)
  return { hold, reason, pacsState: !isMeant ? 'none' : hold === null ? 'waiting' : 'held' }
}

function holdOf(
  db: Database,
  agent: string,
  member: StoredMember,
  { takes, takesSecondReadings }: PacsTerms,
  itself: number | undefined,
): [Hold, string] | [null, null] {
  const { doubt } = member
  if (doubt !== undefined && !(doubt.isSecondReading && takesSecondReadings))
    return ['unreadable', `it may be read in several ways: ${doubt.words}`]
  if (isOwnedByAnother(db, agent, member.studyInstanceUid))
    return ['foreign', 'another agent brought its study first']
  if (isOwnedByAnother(db, agent, member.seriesInstanceUid))
    return ['foreign', 'another agent brought its series first, in another study']
  const others = otherVersions(db, member, itself).filter(
    (other) => takes(other.policy) === takes(member.policy),
  )
  if (others.some((other) => other.agent !== agent))
    return ['foreign', 'another agent brought this SOP instance first']
  return others.length > 0
    ? ['conflict', 'another version of this SOP instance came before: compare the two']
    : [null, null]
}

function isOwnedByAnother(db: Database, agent: string, uid: string): boolean {
  return db.get('SELECT 1 FROM owners WHERE uid = ? AND agent <> ?', uid, agent) !== undefined
}

/** Versions that may have reached the PACS, or will. */
function otherVersions(
  db: Database,
  { sopInstanceUid }: StoredMember,
  itself: number | undefined,
): { agent: string; policy: string }[] {
  return db.all(
    `SELECT agent, policy FROM instances WHERE sop_instance_uid = ? AND id <> ?
       AND (hold IS NULL OR hold = 'conflict' OR released_at IS NOT NULL)`,
    sopInstanceUid,
    itself ?? 0,
  )
}

/** The empty UID of an instance without one has no owner. */
function own(db: Database, agent: string, uids: readonly string[], now: number): void {
  for (const uid of uids) {
    if (uid !== '')
      db.run('INSERT OR IGNORE INTO owners (uid, agent, since) VALUES (?, ?, ?)', uid, agent, now)
  }
}
