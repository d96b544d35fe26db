import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { showBytes, showTime } from '../../console/views/show-values.ts'
import type { PageHeldList } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { act } from '../shared/ask.ts'
import { type Column, dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { type Question, QuestionDialog } from '../shared/question.ts'
import { section } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { routeTo } from '../shared/use-route.ts'
import { useAct } from './use-act.ts'

const EVERY_MS = 5000
const SHOWN = 200

type Held = PageHeldList['byCheck'][number]

/** Instances that wait for a person: those that a check holds can be released. */
export function HeldView(): VNode {
  const page = usePage()
  const { say, language, tell } = page
  const asked = useAnswer<PageHeldList>(`/api/held?lang=${language}`, EVERY_MS)
  const [question, setQuestion] = useState<Question>()
  const perform = useAct()
  const now = Date.now()
  const release = async (which: object): Promise<void> => {
    const { released } = await act<{ released: number }>(`/api/act/release?lang=${language}`, which)
    tell(say('page.release.done', { count: released }))
    asked.refresh()
  }
  const askOne = ({ ulid, texts }: Held): void =>
    setQuestion({
      title: say('page.release.title'),
      text: say('page.release.text', { findings: texts.findings.join('; ') }),
      yes: say('page.release'),
      act: () => release({ ulid }),
    })
  const askStudy = ({ studyInstanceUid }: Held): void =>
    setQuestion({
      title: say('page.release.studyTitle'),
      text: say('page.release.studyText'),
      yes: say('page.release'),
      act: () => release({ studyInstanceUid }),
    })
  const retry = (): Promise<void> =>
    perform(
      'retry',
      {},
      ({ retried, studies }) => say('page.retry.done', { count: retried, studies }),
      asked.refresh,
    )
  const columns: readonly Column<Held>[] = [
    {
      title: say('page.patient'),
      isHead: true,
      cell: ({ studyInstanceUid: uid, texts }) =>
        html`<a href=${routeTo('studies', {}, uid)}>${texts.patient || html`<span class="uid">${uid}</span>`}</a>`,
    },
    { title: say('page.device'), cell: ({ callingAeTitle }) => callingAeTitle },
    { title: say('page.arrived'), cell: ({ arrivedAt }) => showTime(arrivedAt, now) },
    { title: say('page.size'), isNumber: true, cell: ({ sealedBytes }) => showBytes(sealedBytes) },
    { title: say('page.reason'), cell: ({ texts }) => texts.reason },
  ]
  const actions: Column<Held> = {
    title: say('page.devices.actions'),
    cell: (one) => html`<span class="buttons">
      <button type="button" class="main" onClick=${() => askOne(one)}>${say('page.release')}</button>
      <button type="button" onClick=${() => askStudy(one)}>${say('page.release.study')}</button></span>`,
  }
  return html`<h2 class="view">${say('page.view.held')}</h2>
    ${answerView(asked, page, ({ held, byCheck, others }) => {
      if (held === 0) return html`<p class="none">${say('page.held.none')}</p>`
      return html`<p>${say('page.held.count', { count: held, shown: SHOWN })}</p>
        ${byCheck.length === 0 ? null : section('by-check', say('page.held.byCheck'), dataTable({ label: say('page.held.byCheck'), rows: byCheck, keyOf, none: '', columns: [...columns, actions] }))}
        ${
          others.length === 0
            ? null
            : section(
                'others',
                say('page.held.others'),
                html`<p><button type="button" onClick=${retry}>${say('page.retry.all')}</button></p>${dataTable({ label: say('page.held.others'), rows: others, keyOf, none: '', columns })}`,
              )
        }`
    })}
    ${question === undefined ? null : html`<${QuestionDialog} question=${question} close=${() => setQuestion(undefined)} />`}`
}

const keyOf = ({ ulid }: Held): string => ulid
