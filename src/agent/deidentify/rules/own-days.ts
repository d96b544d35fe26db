import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { plainText, vrOf } from '../element/element-text.ts'

/** An instance has a few; a report with more has them in its items. */
const MOST_DAYS = 8

/**
 * Returns the days (yyyymmdd) of the instance itself: of the study, the series, the acquisition, the content. If dates
 * are shifted or removed, such a day in a text would reveal the shift, or the date.
 */
export function ownDays(head: ElementList): readonly string[] {
  const days = new Set<string>()
  for (const element of head.elements) {
    const vr = vrOf(element)
    if (vr !== 'DA' && vr !== 'DT') continue
    for (const value of plainText(element).split('\\')) {
      const [, year, month, day] = /^\s*(\d{4})\.?(\d{2})\.?(\d{2})/.exec(value) ?? []
      if (day !== undefined && days.size < MOST_DAYS) days.add(`${year}${month}${day}`)
    }
  }
  return Array.from(days).toSorted()
}
