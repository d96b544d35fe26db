import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { ManifestAnswer } from '../../protocol/center-api.ts'
import { claimedKid, jwsDigest } from '../../protocol/jws.ts'
import { type Manifest, type ManifestInstance, verifyManifest } from '../../protocol/manifest.ts'
import { type Receipt, type ReceiptInstance, signReceipt, verifyReceipt } from '../../protocol/receipt.ts'
import { type SigningKey, verifyKeyOf } from '../../protocol/signing-key.ts'
import { SUITE } from '../../protocol/spool-file.ts'
import { studyKeyAtCenter } from '../../protocol/study-key.ts'
import type { Agent, Chain, Holding, ManifestEntry, Register } from '../register/register.ts'
import type { StoredFiles } from '../store/stored-files.ts'

export interface ReceiptOptions {
  readonly register: Register
  readonly files: StoredFiles
  readonly clock: Clock
  /** The center's keys at this moment. */
  readonly ring: {
    /** The root key's fingerprint. */
    readonly center: string
    /** The first signs. */
    readonly receiptKeys: readonly [SigningKey, ...SigningKey[]]
  }
  /** Called with the first receipt to a manifest, and the number of its instances. */
  readonly receipted?: (agent: Agent, study: string, instances: number) => void
}

/** Look-ups between two turns of the event loop. */
const LOOKUPS_AT_ONCE = 500

/**
 * Answers an agent's manifest: with a receipt if every listed instance is in the store exactly as listed, otherwise
 * with the missing ones. The same manifest gets the same receipt again, or a new one if the state at the PACS has
 * changed since. Before each receipt, old or new, the file of each listed instance is checked.
 *
 * Throws STORE_MISSING while the store is missing, SIGNATURE_INVALID, and MANIFEST_INVALID for a manifest of another
 * agent.
 */
export async function answerManifest(
  options: ReceiptOptions,
  agent: Agent,
  jws: string,
): Promise<ManifestAnswer> {
  const manifest = verifyManifest(jws, [verifyKeyOf(agent.publicKey)])
  if (manifest.agent !== agent.kid) throw invalid('it names another agent than the one that sends it')
  const digest = jwsDigest(jws)
  const chain = await chainOf(options.register, manifest, digest)
  // Changes after this moment are in the next receipt.
  const now = options.clock.now()
  const { instances, missing } = await lookUp(options, manifest.agent, manifest.instances)
  if (missing.length > 0) return { missing }
  const isFirst = (await options.register.receipts.latest(digest)) === undefined
  const receipt = await receiptFor(options, manifest, { digest, chain, jws }, instances, now)
  if (isFirst) options.receipted?.(agent, manifest.study, instances.length)
  return { receipt }
}

/**
 * Either side may have lost its records: the center, restored from a backup, does not know the previous manifest
 * ('gap'); an agent that lost its index begins again at version 1, or follows a version without a receipt ('fork').
 * Both are accepted, since a receipt only states that the listed instances are here, which is looked up each time; both
 * are recorded with the signed manifest, so that a reader of the register sees where a chain was broken.
 */
async function chainOf(register: Register, manifest: Manifest, digest: string): Promise<Chain> {
  const { agent, version, part, previous } = manifest
  const study = studyKeyAtCenter(manifest.study, agent)
  if ((version === 1 && part === 1) !== (previous === null)) {
    const names = previous === null ? 'names no' : 'names a'
    throw invalid(`part ${part} of version ${version} ${names} manifest before it`)
  }
  const { receipts } = register
  const same = await receipts.manifestDigests(agent, study, version, part)
  if (same.some((known) => known !== digest)) return 'fork'
  if (previous === null) return 'whole'
  const before = await (part > 1
    ? receipts.manifestDigests(agent, study, version, part - 1)
    : receipts.manifestDigests(agent, study, version - 1))
  if (before.includes(previous)) return 'whole'
  return before.length > 0 ? 'fork' : 'gap'
}

/** Looks up which of these the center holds as listed, row and file, and its record of them; the others are missing. */
export async function lookUp(
  { register, files }: Pick<ReceiptOptions, 'register' | 'files'>,
  agent: string,
  asked: readonly ManifestInstance[],
): Promise<{ instances: ReceiptInstance[]; missing: string[] }> {
  const held: { listed: ManifestInstance; holding: Holding }[] = []
  const missing: string[] = []
  for (const [index, listed] of asked.entries()) {
    if (index % LOOKUPS_AT_ONCE === LOOKUPS_AT_ONCE - 1) await setImmediate()
    const { ulid, ...version } = listed
    const holding = await register.instances.holding(agent, ulid, version)
    if (holding?.isLost === 0 && isAsListed(holding, listed)) held.push({ listed, holding })
    else missing.push(ulid)
  }
  const lost = await files.lost(held.map(({ holding }) => holding))
  const instances: ReceiptInstance[] = []
  for (const { listed, holding } of held) {
    if (lost.has(holding.id)) missing.push(listed.ulid)
    else instances.push({ ...listed, pacs: holding.pacsState })
  }
  return { instances, missing }
}

/**
 * The data set must be identical. The sealed form must be too, if this ULID was opened here; if the same data set
 * arrived only under another ULID (it was sent twice), it counts as held, though this sealed form was never seen.
 */
function isAsListed(holding: Holding, listed: ManifestInstance): boolean {
  if (holding.dataSetBytes !== listed.dataSetBytes) return false
  if (holding.sealedSha256 === null) return true
  return holding.sealedSha256 === listed.sealedSha256 && holding.sealedBytes === listed.sealedBytes
}

async function receiptFor(
  options: ReceiptOptions,
  manifest: Manifest,
  { digest, chain, jws }: Pick<ManifestEntry, 'digest' | 'chain' | 'jws'>,
  instances: ReceiptInstance[],
  now: number,
): Promise<string> {
  const { receipts } = options.register
  const latest = await receipts.latest(digest)
  if (
    latest !== undefined &&
    saysTheSame(latest, instances, options.ring.receiptKeys) &&
    (await receipts.pacsChanged(manifest.agent, [digest])).length === 0
  )
    return latest
  const { agent, study, version, part, parts } = manifest
  const row: ManifestEntry = {
    digest,
    agent,
    studyInstanceUid: studyKeyAtCenter(study, agent),
    version,
    part,
    parts,
    chain,
    jws,
    postedAt: now,
  }
  const [key] = options.ring.receiptKeys
  return receipts.issue(row, (counter, previous) => {
    const receipt: Receipt = {
      format: 'ferry-receipt/3',
      suite: SUITE,
      center: options.ring.center,
      agent,
      study,
      version,
      part,
      parts,
      manifest: digest,
      receiptedAt: new Date(now).toISOString(),
      counter,
      previous,
      instances,
    }
    return signReceipt(receipt, key)
  })
}

/**
 * Returns true if a receipt is still true about the PACS, under a key that agents still trust. A receipt by a revoked
 * key, or by a key that was lost in a restore, does not count: the agent gets a new one.
 */
function saysTheSame(
  jws: string,
  instances: readonly ReceiptInstance[],
  keys: readonly SigningKey[],
): boolean {
  if (!keys.some(({ kid }) => kid === claimedKid(jws))) return false
  const said = verifyReceipt(jws, keys).instances
  return said.length === instances.length && said.every((one, index) => one.pacs === instances[index]?.pacs)
}

function invalid(found: string): Failure {
  return new Failure('MANIFEST_INVALID', `checking a manifest: ${found}`)
}
