import type { Queue } from '../../../src/agent/queue/open-queue.ts'
import type { ManifestRow } from '../../../src/agent/queue/study-rows.ts'

/** Closes a study by a manifest of one part, where a test is not about what it says. */
export function closeByHand(
  { studies }: Queue,
  studyInstanceUid: string,
  digest = 'digest',
  jws = 'jws',
): ManifestRow {
  const { version, delivered } = studies.toList('center', studyInstanceUid)
  studies.addPart('center', studyInstanceUid, { version, part: 1, parts: 1, digest, jws })
  studies.close('center', studyInstanceUid, version, delivered)
  return { studyInstanceUid, version, part: 1, digest, attempts: 0, pacs: null }
}
