import { html } from 'htm/preact'
import type { VNode } from 'preact'
import type { CenterOverview, CenterStudies, StudyAtCenter } from '../../console/center-web/center-answers.ts'
import { showBytes, showTime } from '../../console/views/show-values.ts'
import { answerView } from '../shared/answer-view.ts'
import { act } from '../shared/ask.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { badge } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { routeTo } from '../shared/use-route.ts'

const EVERY_MS = 10_000
const STATES = ['refused', 'held', 'waiting', 'unverified', 'partial', 'accepted', 'none'] as const
const DAYS = ['1', '7', '30', '365'] as const
const CAN_RETRY: ReadonlySet<string> = new Set(['refused', 'waiting', 'unverified'])

/** Studies that the center stored lately, as far as they fit the filters in the address. */
export function StudiesView({
  query,
  overview,
}: {
  query: URLSearchParams
  overview: CenterOverview
}): VNode {
  const page = usePage()
  const { say, language, mayAct, tell } = page
  const filters = Object.fromEntries(
    ['days', 'agent', 'pacs', 'uid'].map((name) => [name, query.get(name) ?? '']),
  )
  const asked = useAnswer<CenterStudies>(
    `/api/studies?${new URLSearchParams({ ...filters, lang: language }).toString()}`,
    EVERY_MS,
  )
  const set = (name: string) => (event: Event) => {
    const { currentTarget: field } = event
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
      location.hash = routeTo('studies', { ...filters, [name]: field.value.trim() })
  }
  const choice = (name: string, label: string, options: readonly (readonly [string, string])[]): VNode =>
    html`<label>${label}<select onChange=${set(name)}>${options.map(([value, text]) => html`<option value=${value} selected=${value === filters[name]}>${text}</option>`)}</select></label>`
  const retry = (uid: string) => async (): Promise<void> => {
    try {
      const { retried } = await act<{ retried: number }>(`/api/act/retry?lang=${language}`, { subject: uid })
      tell(say('center.retry.done', { count: retried }))
      asked.refresh()
    } catch (error) {
      tell(error instanceof Error ? error.message : '', true)
    }
  }
  return html`<h2 class="view">${say('center.view.studies')}</h2>
    <form class="filters" role="search" aria-label=${say('page.filter')} onSubmit=${(event: Event) => event.preventDefault()}>
      ${choice('days', say('center.days'), [['', say('center.days.count', { count: 7 })], ...DAYS.map((days) => [days, say('center.days.count', { count: days })] as const)])}
      ${choice('agent', say('center.agent'), [['', say('page.any')], ...overview.tiles.map(({ name }) => [name, name] as const)])}
      ${choice('pacs', say('page.pacs'), [['', say('page.any')], ...STATES.map((state) => [state, say(`center.pacs.${state}`)] as const)])}
      <label>${say('center.uid')}<input type="search" value=${filters['uid']} onChange=${set('uid')} maxlength="64" /></label>
      <a class="clear" href=${routeTo('studies')}>${say('page.filter.clear')}</a>
    </form>
    ${answerView(
      asked,
      page,
      ({ studies, isCut }) =>
        html`${isCut ? html`<p class="hint">${say('center.studies.cut')}</p>` : null}${dataTable({
          label: say('center.view.studies'),
          rows: studies,
          keyOf: ({ studyInstanceUid }) => studyInstanceUid,
          none: say('center.studies.none'),
          columns: [
            {
              title: say('center.uid'),
              isHead: true,
              cell: ({ studyInstanceUid }) => html`<span class="uid">${studyInstanceUid}</span>`,
            },
            { title: say('center.agent'), cell: ({ agents }) => agents },
            {
              title: say('center.lastStored'),
              cell: ({ lastStoredAt }) => showTime(lastStoredAt, overview.now),
            },
            { title: say('center.instances'), isNumber: true, cell: ({ instances }) => instances },
            { title: say('page.size'), isNumber: true, cell: ({ bytes }) => showBytes(bytes) },
            {
              title: say('center.receipt'),
              isNumber: true,
              cell: ({ receiptedVersion }) => receiptedVersion ?? '–',
            },
            {
              title: say('page.pacs'),
              cell: ({ pacsState }) => badge(BADGES[pacsState] ?? pacsState, say(`center.pacs.${pacsState}`)),
            },
            { title: say('page.reason'), cell: ({ reasonText }) => reasonText },
            ...(mayAct
              ? [
                  {
                    title: say('page.devices.actions'),
                    cell: ({ studyInstanceUid, pacsState }: StudyAtCenter) =>
                      CAN_RETRY.has(pacsState)
                        ? html`<button type="button" onClick=${retry(studyInstanceUid)}>${say('center.retry')}</button>`
                        : null,
                  },
                ]
              : []),
          ],
        })}`,
    )}`
}

/** Colours of the agent's page for the states of this one. */
const BADGES: Readonly<Record<string, string>> = {
  refused: 'refused',
  held: 'held',
  waiting: 'closed',
  unverified: 'closed',
  partial: 'closed',
  accepted: 'confirmed',
  none: 'ignored',
}
