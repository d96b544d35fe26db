import { filingOf } from '../../protocol/study-key.ts'
import type { Say } from '../language/language.ts'
import { printable } from './text-table.ts'

/** The Study Instance UID; for instances without one, in words how they are filed, and the key that commands take. */
export function studyName(key: string, say: Say): string {
  const filing = filingOf(key)
  if (filing === undefined) return printable(key)
  const { callingAeTitle, day, seriesInstanceUid: series } = filing
  const device = callingAeTitle === '' ? '?' : callingAeTitle
  const words =
    series === ''
      ? say('study.withoutUid', { device, day })
      : say('study.withoutUidOfSeries', { device, day, series })
  return printable(`${words} (${key})`)
}
