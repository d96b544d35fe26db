import type { Ulid } from '../../../protocol/ulid.ts'
import type { Damage } from '../damage.ts'
import type { Findings } from '../findings.ts'
import type { HeldFiles } from '../spool/held-files.ts'
import type { Spool } from '../spool/spool.ts'

const AT_ONCE = 500

export interface SettleHeldOptions {
  spool: Spool
  findings: Findings
  held: HeldFiles
  damage: Damage
  /** A file that holds back nothing is removed this long after it was written; left out: it stays. */
  strayHeldMs?: number
}

/**
 * Brings the index and the files that hold instances back into line at start. The stricter of the two counts: an instance
 * that either of them holds is held by both afterwards. So a release that a crash cut short is undone, and no one was told
 * of it. `files`: the ULIDs of all such files.
 */
export async function settleHeld(
  files: ReadonlySet<Ulid>,
  options: SettleHeldOptions,
  nowMs: number,
): Promise<void> {
  for (const ulid of files) {
    if (await options.spool.has(ulid)) options.findings.holdAgain(ulid, await options.held.read(ulid))
    else await removeStray(ulid, options, nowMs)
  }
  await writeMissing(files, options)
}

/** The spool file may still be brought back by a person, and is then held. */
async function removeStray(
  ulid: Ulid,
  { spool, held, damage, strayHeldMs }: SettleHeldOptions,
  nowMs: number,
): Promise<void> {
  const writtenAt = await held.writtenAt(ulid)
  const isOld = strayHeldMs !== undefined && writtenAt !== undefined && nowMs - writtenAt >= strayHeldMs
  if (isOld && damage.needed([ulid]).length === 0) await spool.removeHeld(ulid)
}

async function writeMissing(
  files: ReadonlySet<Ulid>,
  { spool, findings, held }: SettleHeldOptions,
): Promise<void> {
  for (let last = ''; ; ) {
    const page = findings.heldAfter(last, AT_ONCE)
    const end = page.at(-1)
    if (end === undefined) return
    last = end.ulid
    const written: Ulid[] = []
    for (const { ulid, hold, since } of page) {
      if (files.has(ulid) || !(await spool.has(ulid))) continue
      await held.write(ulid, { findings: findings.ofInstance(ulid), hold }, since)
      written.push(ulid)
    }
    await held.syncNames(written)
  }
}
