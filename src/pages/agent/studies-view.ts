import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { showTime } from '../../console/views/show-values.ts'
import type { PageDevices, PageStudies } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { badge } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { routeTo } from '../shared/use-route.ts'
import { studyLink } from './study-cells.ts'
import { usePages } from './use-pages.ts'

const EVERY_MS = 5000
const STATES = ['open', 'closed', 'confirmed'] as const
const FILTERS = ['state', 'device', 'day', 'patient', 'accession'] as const

/** Studies, the latest first, as far as they fit the filters in the address. */
export function StudiesView({ query }: { query: URLSearchParams }): VNode {
  const { say, language } = usePage()
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']))
  const asked = new URLSearchParams({ ...filters, lang: language }).toString()
  const [cursors, more] = usePages(asked)
  return html`<h2 class="view">${say('page.view.studies')}</h2>
    <${Filters} filters=${filters} />
    ${cursors.map(
      (
        cursor,
        i,
      ) => html`<${StudyPageView} key=${cursor} path=${`/api/studies?${asked}&after=${encodeURIComponent(cursor)}`}
        isFirst=${i === 0} isLast=${i === cursors.length - 1} isFiltered=${Object.values(filters).some((value) => value !== '')} more=${more} />`,
    )}`
}

function Filters({ filters }: { filters: Readonly<Record<string, string>> }): VNode {
  const { say, language } = usePage()
  const { answer } = useAnswer<PageDevices>(`/api/devices?lang=${language}`, 60_000)
  const titles = new Map(
    (answer?.devices ?? [])
      .filter(({ instances }) => instances > 0)
      .map(({ callingAeTitle, name }) => [callingAeTitle, name]),
  )
  if (filters['device'] !== undefined && filters['device'] !== '' && !titles.has(filters['device']))
    titles.set(filters['device'], null)
  const set = (name: string) => (event: Event) => {
    const { currentTarget: field } = event
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
      location.hash = routeTo('studies', { ...filters, [name]: field.value.trim() })
  }
  return html`<form class="filters" role="search" aria-label=${say('page.filter')} onSubmit=${(event: Event) => event.preventDefault()}>
    <label>${say('page.device')}<select value=${filters['device']} onChange=${set('device')}>
      <option value="">${say('page.any')}</option>
      ${Array.from(titles, ([title, name]) => html`<option value=${title} selected=${title === filters['device']}>${name === null || name === title ? title : `${name} (${title})`}</option>`)}
    </select></label>
    <label>${say('page.day')}<input type="date" value=${filters['day']} onChange=${set('day')} /></label>
    <label>${say('page.state')}<select value=${filters['state']} onChange=${set('state')}>
      <option value="">${say('page.any')}</option>
      ${STATES.map((state) => html`<option value=${state} selected=${state === filters['state']}>${say(`state.${state}`)}</option>`)}
    </select></label>
    <label>${say('page.patient')}<input type="search" value=${filters['patient']} onChange=${set('patient')} maxlength="64" /></label>
    <label>${say('page.accession')}<input type="search" value=${filters['accession']} onChange=${set('accession')} maxlength="64" /></label>
    <a class="clear" href=${routeTo('studies')}>${say('page.filter.clear')}</a>
  </form>
  <p class="hint">${say('page.filter.maskedHint')}</p>`
}

interface StudyPageOptions {
  readonly path: string
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly isFiltered: boolean
  readonly more: (cursor: string) => void
}

function StudyPageView({ path, isFirst, isLast, isFiltered, more }: StudyPageOptions): VNode {
  const page = usePage()
  const { say } = page
  const now = Date.now()
  return answerView(
    useAnswer<PageStudies>(path, isFirst ? EVERY_MS : 30_000),
    page,
    ({ studies, next, searchedTo, noNames }) => {
      const isEmpty = studies.length === 0 && next === null && isFirst
      return html`${isFirst && noNames !== '' ? html`<p class="hint">${noNames}</p>` : null}
      ${
        studies.length === 0 && !isEmpty
          ? null
          : dataTable({
              label: say('page.view.studies'),
              rows: studies,
              keyOf: ({ studyInstanceUid }) => studyInstanceUid,
              none: say(isFiltered ? 'page.studies.none' : 'page.studies.noneYet'),
              columns: [
                {
                  title: say('page.patient'),
                  isHead: true,
                  cell: (study) =>
                    studyLink(
                      study,
                      say('page.openStudy', { study: study.texts.patient || study.texts.name }),
                    ),
                },
                { title: say('page.patientId'), cell: ({ texts }) => texts.patientId },
                { title: say('page.accession'), cell: ({ texts }) => texts.accession },
                { title: say('page.modality'), cell: ({ texts }) => texts.modality },
                { title: say('page.device'), cell: ({ devices }) => devices.join(', ') },
                { title: say('page.arrived'), cell: ({ lastArrivedAt }) => showTime(lastArrivedAt, now) },
                {
                  title: say('page.state'),
                  cell: ({ state, held }) =>
                    html`${badge(state, say(`state.${state}`))}${held > 0 ? html` ${badge('held', `${say('page.count.held')} ${held}`)}` : null}`,
                },
                {
                  title: say('page.confirmed'),
                  isNumber: true,
                  cell: ({ confirmed, instances }) => `${confirmed}/${instances}`,
                },
                { title: say('page.pacs'), cell: ({ texts }) => texts.pacs },
                { title: say('page.reason'), cell: ({ texts }) => texts.reason },
              ],
            })
      }
      ${
        isLast && next !== null
          ? html`<p><button type="button" class="more" onClick=${() => more(next)}>${
              studies.length > 0 || searchedTo === null
                ? say('page.more')
                : say('page.searchOn', { time: showTime(searchedTo, now) })
            }</button></p>`
          : null
      }`
    },
  )
}
