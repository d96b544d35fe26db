import type { WadoAnswer, WadoInstance } from '../../dicomweb/wado-client.ts'
import { filingOf } from '../../protocol/study-key.ts'
import type { HandOnInstance } from '../register/register.ts'

/** A statement of the PACS about an instance, to be verified by its copy. */
export interface PacsClaim {
  readonly said: string
  /** State of the instance if there is nothing to compare. */
  readonly otherwise: 'unverified' | 'refused'
  /** Number of attempts after which a missing copy counts as nothing to compare. */
  readonly patience: number
}

/** The result of comparing the PACS's copy of an instance with the center's. */
type Comparison =
  | { readonly state: 'accepted' }
  | { readonly state: 'refused' | 'unverified' | 'later'; readonly reason: string }

/** Number of failures to get the copy after which there is nothing to compare. */
const ATTEMPTS = 5

/**
 * Verifies a claim of the PACS. The instance counts as accepted only if the PACS's copy has exactly the bytes of the
 * data set that the center holds; a copy in another transfer syntax may be the same image and cannot be compared.
 */
export async function compareCopy(
  instance: HandOnInstance,
  claim: PacsClaim,
  copyOf: (instance: WadoInstance, signal: AbortSignal) => Promise<WadoAnswer>,
  signal: AbortSignal,
): Promise<Comparison> {
  if (filingOf(instance.studyInstanceUid) !== undefined || instance.seriesInstanceUid === '')
    return notCompared(
      claim,
      'the instance names no study or no series, by which the PACS could be asked for it',
    )
  const answer = await copyOf(instance, signal)
  switch (answer.kind) {
    case 'unavailable':
      return instance.attempts < ATTEMPTS
        ? { state: 'later', reason: `${claim.said}; its copy is compared later: ${answer.failure.message}` }
        : notCompared(claim, answer.failure.message)
    case 'none':
      return instance.attempts < claim.patience
        ? { state: 'later', reason: `${claim.said}; it gives no copy out yet: ${answer.reason}` }
        : notCompared(claim, answer.reason)
    case 'copy':
      if (answer.transferSyntaxUid !== instance.transferSyntaxUid)
        return notCompared(claim, 'the PACS gives it out in another transfer syntax')
      return answer.dataSetSha256 === instance.dataSetSha256
        ? { state: 'accepted' }
        : {
            state: 'refused',
            reason:
              'the PACS has this SOP instance already, with other content: compare the two and decide which is right',
          }
  }
}

function notCompared({ said, otherwise }: PacsClaim, why: string): Comparison {
  if (otherwise === 'refused') return { state: 'refused', reason: said }
  return { state: 'unverified', reason: `${said}; its copy was not compared: ${why}` }
}
