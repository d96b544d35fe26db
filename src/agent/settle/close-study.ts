import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { signManifest } from '../../protocol/manifest.ts'
import type { SigningKey } from '../../protocol/signing-key.ts'
import { SUITE } from '../../protocol/spool-file.ts'
import type { Studies } from '../queue/studies.ts'

interface ClosingOptions {
  readonly destination: string
  readonly studies: Studies
  readonly signingKey: SigningKey
  /** Maximum number of instances in one part of a manifest. */
  readonly partInstances: number
  readonly clock: Clock
}

interface ClosedStudy {
  readonly version: number
  readonly parts: number
  readonly instances: number
  readonly held: number
}

/**
 * Signs the next manifest of a study, part after part, with turns of the event loop in between. No part is posted
 * before all are stored. Returns undefined if the study changed meanwhile: it stays open, and its parts are dropped.
 */
export async function closeStudy(
  { destination, studies, signingKey, partInstances, clock }: ClosingOptions,
  study: string,
  signal: AbortSignal,
): Promise<ClosedStudy | undefined> {
  const { version, previousDigest, heldCount, delivered } = studies.toList(destination, study)
  const parts = await countParts()
  const createdAt = new Date(clock.now()).toISOString()
  let previous = previousDigest
  let last = ''
  let listed = 0
  for (let part = 1; part <= parts; part++) {
    const instances = studies.instancesAfter(destination, study, last, partInstances)
    if (instances.length === 0 || signal.aborted) return undefined
    const list = { format: 'ferry-manifest/3', suite: SUITE, agent: signingKey.kid, study } as const
    const manifest = { ...list, version, part, parts, previous, createdAt, heldCount, instances }
    const { jws, digest } = signManifest(manifest, signingKey)
    studies.addPart(destination, study, { version, part, parts, digest, jws })
    previous = digest
    last = instances.at(-1)?.ulid ?? last
    listed += instances.length
    await setImmediate()
  }
  if (listed === 0 || signal.aborted || !studies.close(destination, study, version, delivered))
    return undefined
  return { version, parts, instances: listed, held: heldCount }

  async function countParts(): Promise<number> {
    for (let part = 0, after = ''; ; part++) {
      const { count, last: end } = studies.countAfter(destination, study, after, partInstances)
      if (end === null) return part
      if (count < partInstances) return part + 1
      after = end
      await setImmediate()
    }
  }
}
