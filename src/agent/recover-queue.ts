import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Queue } from './queue/open-queue.ts'
import { recoverSpool } from './queue/recovery/recover-spool.ts'

/**
 * Makes the index agree with the spool. A rebuilt index is an alarm until a person has looked at it (`ferry retry`):
 * the disk may be failing, or an old copy was put back.
 */
export async function recoverQueue(
  queue: Queue,
  strayHeldMs: number,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const { setAside, isIndexNew, alarms } = queue
  if (setAside !== undefined) log.error('the index is damaged and was moved aside', { ...setAside })
  const { forgotten, missing, doubtful } = await recoverSpool({ ...queue, strayHeldMs }, clock.now(), log)
  if (missing.length > 0)
    log.error('spool files of accepted instances are gone', { instances: missing.length })
  if (doubtful.length > 0)
    log.error('files in the spool do not read as spool files', { ulids: doubtful.slice(0, 10) })
  if (setAside === undefined && forgotten === 0) return
  const why =
    setAside === undefined ? lostWords(isIndexNew) : `it was damaged and lies in ${setAside.path} now`
  const words = `${why}; ${forgotten} instances were accepted again from the spool, and the center is asked which it has`
  log.error('the index was rebuilt from the spool', { reason: words })
  alarms.raise('INDEX_REBUILT', 'index', words)
}

const lostWords = (isNew: boolean): string =>
  isNew
    ? 'it was gone'
    : 'its newest rows are missing: the machine stopped while images came in, or an older copy was put back'
