import type { WadoAnswer, WadoInstance } from '../dicomweb/wado-client.ts'
import type { HandOnInstance } from './register.ts'

/** What comparing the PACS's copy of an instance came to. */
export type Comparison =
  | { readonly state: 'accepted' }
  | { readonly state: 'refused' | 'unverified' | 'later'; readonly reason: string }

/** After so many failures to get the copy, the instance is left as it is: not compared. */
const ATTEMPTS = 5

/**
 * The PACS says that it has this SOP instance already. It counts as accepted only if the PACS's copy has the very bytes of
 * the data set that the center holds; a copy in another transfer syntax can be the same image and cannot be compared.
 */
export async function compareCopy(
  instance: HandOnInstance,
  copyOf: (instance: WadoInstance, signal: AbortSignal) => Promise<WadoAnswer>,
  signal: AbortSignal,
): Promise<Comparison> {
  if (instance.studyUid === '' || instance.seriesUid === '')
    return notCompared('the instance names no study or no series, by which the PACS could be asked for it')
  const answer = await copyOf(instance, signal)
  switch (answer.kind) {
    case 'unavailable':
      return instance.attempts < ATTEMPTS
        ? { state: 'later', reason: `${HAS_IT}; its copy is compared later: ${answer.failure.message}` }
        : notCompared(answer.failure.message)
    case 'none':
      return notCompared(answer.reason)
    case 'copy':
      if (answer.transferSyntaxUid !== instance.transferSyntaxUid)
        return notCompared('the PACS gives it out in another transfer syntax')
      return answer.dataSetSha256 === instance.dataSetSha256
        ? { state: 'accepted' }
        : {
            state: 'refused',
            reason:
              'the PACS has this SOP instance already, with other content: compare the two and decide which is right',
          }
  }
}

const HAS_IT = 'the PACS says that it has this SOP instance already'

function notCompared(why: string): Comparison {
  return { state: 'unverified', reason: `${HAS_IT}; its copy was not compared: ${why}` }
}
