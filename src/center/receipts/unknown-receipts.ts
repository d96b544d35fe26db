import { setImmediate } from 'node:timers/promises'
import { trimUid } from '../../dicom/vocabulary/uid.ts'
import { verifyManifest } from '../../protocol/manifest.ts'
import { verifyKeyOf } from '../../protocol/signing-key.ts'
import { filingOf } from '../../protocol/study-key.ts'
import type { Agent, Register } from '../register/register.ts'

/** Look-ups between two turns of the event loop. */
const LOOKUPS_AT_ONCE = 500

/**
 * Returns which of an agent's manifests have no receipt that the center still confirms: a manifest that lists an
 * instance which is lost now counts as unknown. This ends once the agent has posted a manifest without that instance,
 * or has sent it again.
 */
export async function unknownReceipts(
  register: Register,
  agent: Agent,
  digests: readonly string[],
): Promise<string[]> {
  const unknown = new Set(await register.receipts.unknown(agent.kid, digests))
  for (const { digest, studyInstanceUid } of await register.receipts.inDoubt(agent.kid, digests)) {
    if (await listsLost(register, agent, digest, studyInstanceUid)) unknown.add(digest)
  }
  return digests.filter((digest) => unknown.has(digest))
}

/** Uses the look-up of receipts, so that the two never disagree about an instance. */
async function listsLost(
  register: Register,
  agent: Agent,
  digest: string,
  studyInstanceUid: string,
): Promise<boolean> {
  const isFiling = filingOf(studyInstanceUid) !== undefined
  const lost = new Set(isFiling ? [] : await register.files.lostOfStudy(studyInstanceUid))
  const jws = await register.receipts.manifest(digest)
  if (jws === undefined) return false
  let lookups = 0
  for (const listed of verifyManifest(jws, [verifyKeyOf(agent.publicKey)]).instances) {
    const { ulid, ...version } = listed
    if (!isFiling && !lost.has(trimUid(version.sopInstanceUid))) continue
    if (lookups++ % LOOKUPS_AT_ONCE === LOOKUPS_AT_ONCE - 1) await setImmediate()
    const holding = await register.instances.holding(agent.kid, ulid, version)
    if (holding?.isLost === 1) return true
  }
  return false
}
