import { setImmediate } from 'node:timers/promises'
import { Failure } from '../../platform/failure.ts'
import type {
  ListedStudy,
  StudyPage,
  StudyPageQuery,
  UnconfirmedStudiesView,
  UnconfirmedStudy,
} from '../../protocol/agent-views-api.ts'
import type { StudyPlace } from '../queue/lists/study-search.ts'
import type { Queue } from '../queue/open-queue.ts'
import { CENTER } from '../send/destination.ts'
import type { StudyViews } from './study-views.ts'

/** Rows between two turns of the event loop: some milliseconds. */
const AT_ONCE = 100
/** Rows that one request looks at; then the page says how far it has looked, and the next request goes on. */
const LOOKED_AT = 5000

/** Lists of studies in pages, for any number of studies: a page is found by ranges of indexes, a slice at a time. */
export class StudyPages {
  readonly #queue: Pick<Queue, 'display' | 'search'>
  readonly #views: StudyViews

  constructor(queue: Pick<Queue, 'display' | 'search'>, views: StudyViews) {
    this.#queue = queue
    this.#views = views
  }

  /** Throws USAGE for a cursor of another kind. */
  async page(query: StudyPageQuery): Promise<StudyPage> {
    const { display, search } = this.#queue
    const found: ListedStudy[] = []
    let place = query.after === undefined ? startOf(query) : placeOf(query.after)
    for (let looked = 0; looked < LOOKED_AT && found.length < query.limit; ) {
      const some = search.before(CENTER, place, query.from ?? 0, AT_ONCE)
      for (const one of some) {
        place = one
        looked++
        const study = this.#listed(one, query)
        if (study !== undefined && found.push(study) === query.limit) break
      }
      if (some.length === 0 || (some.length < AT_ONCE && some.at(-1) === place))
        return { displayNames: display.state, studies: found, next: null, searchedTo: null }
      await setImmediate()
    }
    const { lastArrivedAt, studyInstanceUid } = place
    return {
      displayNames: display.state,
      studies: found,
      next: `${lastArrivedAt} ${studyInstanceUid}`,
      searchedTo: lastArrivedAt,
    }
  }

  /** Returns undefined for a study that a filter leaves out; what costs least is looked at first. */
  #listed(
    { studyInstanceUid, state }: StudyPlace & { readonly state: string },
    { state: wanted, device, patient = '', accession = '' }: StudyPageQuery,
  ): ListedStudy | undefined {
    if (wanted !== undefined && wanted !== state) return undefined
    if (patient !== '' || accession !== '') {
      const display = this.#views.masked(studyInstanceUid)
      if (display === null || display === 'lost') return undefined
      const names = [display.patientName?.text, display.patientId?.text]
      if (patient !== '' && !names.some((text) => contains(text, patient))) return undefined
      if (accession !== '' && !contains(display.accessionNumber?.text, accession)) return undefined
    }
    const devices = this.#queue.search.devicesOf(studyInstanceUid)
    if (device !== undefined && !devices.includes(device)) return undefined
    const study = this.#views.one(studyInstanceUid)
    return study && { ...study, devices }
  }

  /** `after`: the cursor `next` of the page before. */
  async waiting(after: string | undefined, limit: number): Promise<UnconfirmedStudiesView> {
    const { search } = this.#queue
    const studies: UnconfirmedStudy[] = []
    let last = after ?? ''
    for (let looked = 0; looked < LOOKED_AT; looked += AT_ONCE) {
      const some = search.unconfirmedAfter(CENTER, last, AT_ONCE)
      for (const { ulid, studyInstanceUid } of some) {
        last = ulid
        const study = this.#waitingStudy(ulid, studyInstanceUid)
        if (study !== undefined && studies.push(study) === limit) return { studies, next: last }
      }
      if (some.length < AT_ONCE) return { studies, next: null }
      await setImmediate()
    }
    return { studies, next: last }
  }

  /** A study is listed at its oldest unconfirmed instance, and so once. */
  #waitingStudy(ulid: string, studyInstanceUid: string): UnconfirmedStudy | undefined {
    const { search } = this.#queue
    const oldest = search.oldestOf(CENTER, studyInstanceUid)
    if (oldest === undefined || oldest.oldestUlid !== ulid) return undefined
    const { oldestUlid: _, ...row } = oldest
    const counts = search.countsOf(CENTER, studyInstanceUid)
    return {
      studyInstanceUid,
      devices: search.devicesOf(studyInstanceUid),
      instances: Object.values(counts).reduce((sum, n) => sum + n, 0),
      ...counts,
      bytes: search.waitingBytesOf(CENTER, studyInstanceUid),
      ...row,
      display: this.#views.masked(studyInstanceUid),
    }
  }
}

const contains = (text: string | undefined, part: string): boolean =>
  text !== undefined && text.toLowerCase().includes(part.toLowerCase())

/** After every study that has arrived before `until`. */
const startOf = ({ until = Number.MAX_SAFE_INTEGER }: StudyPageQuery): StudyPlace => ({
  lastArrivedAt: until,
  studyInstanceUid: '',
})

function placeOf(cursor: string): StudyPlace {
  const [, at, studyInstanceUid] = /^(\d{1,15}) (.{0,200})$/.exec(cursor) ?? []
  if (at === undefined || studyInstanceUid === undefined)
    throw new Failure('USAGE', 'listing studies: this is no cursor of an earlier page')
  return { lastArrivedAt: Number(at), studyInstanceUid }
}
