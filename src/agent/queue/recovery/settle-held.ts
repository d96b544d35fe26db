import type { Ulid } from '../../../protocol/ulid.ts'
import type { Damage } from '../damage.ts'
import type { Findings } from '../findings.ts'
import type { HeldFiles } from '../spool/held-files.ts'
import type { Spool } from '../spool/spool.ts'

const AT_ONCE = 500

interface SettleHeldOptions {
  spool: Spool
  findings: Findings
  held: HeldFiles
  damage: Damage
  /** Age after which a `.held` file without an instance is removed; undefined keeps it. */
  strayHeldMs?: number
}

/**
 * Makes the index and the `.held` files agree at start. The stricter of the two counts: an instance that either of them
 * holds is held by both afterwards. A release that a crash interrupted is therefore undone; it was not reported to
 * anyone. `files`: the ULIDs of all such files.
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

/** A person may still restore the spool file, which is then held. */
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
