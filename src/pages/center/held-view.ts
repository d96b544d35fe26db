import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { CenterHeld, HeldAtCenter as Held } from '../../console/center-web/center-answers.ts'
import { showTime } from '../../console/views/show-values.ts'
import { answerView } from '../shared/answer-view.ts'
import { act } from '../shared/ask.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { type Question, QuestionDialog } from '../shared/question.ts'
import { useAnswer } from '../shared/use-answer.ts'

const EVERY_MS = 10_000

/** Instances that the PACS does not get until a person releases them. */
export function HeldView(): VNode {
  const page = usePage()
  const { say, language, mayAct, tell } = page
  const asked = useAnswer<CenterHeld>(`/api/held?lang=${language}`, EVERY_MS)
  const [question, setQuestion] = useState<Question>()
  const ask =
    ({ studyInstanceUid }: Held) =>
    (): void =>
      setQuestion({
        title: say('center.release.title'),
        text: say('center.release.text', { study: studyInstanceUid }),
        yes: say('center.release'),
        act: async () => {
          const { released } = await act<{ released: number }>(`/api/act/release?lang=${language}`, {
            subject: studyInstanceUid,
          })
          tell(say('center.release.done', { count: released }))
          asked.refresh()
        },
      })
  return html`<h2 class="view">${say('center.view.held')}</h2>
    ${answerView(asked, page, ({ held }) =>
      dataTable({
        label: say('center.view.held'),
        rows: held,
        keyOf: ({ sopInstanceUid, studyInstanceUid }) => `${studyInstanceUid} ${sopInstanceUid}`,
        none: say('center.held.none'),
        columns: [
          {
            title: say('center.uid'),
            isHead: true,
            cell: ({ studyInstanceUid }) => html`<span class="uid">${studyInstanceUid}</span>`,
          },
          {
            title: say('center.instance'),
            cell: ({ sopInstanceUid }) => html`<span class="uid">${sopInstanceUid}</span>`,
          },
          { title: say('page.reason'), cell: ({ reasonText }) => reasonText },
          { title: say('center.agent'), cell: ({ agent }) => agent },
          { title: say('center.since'), cell: ({ since }) => showTime(since, Date.now()) },
          ...(mayAct
            ? [
                {
                  title: say('page.devices.actions'),
                  cell: (one: Held) =>
                    html`<button type="button" class="main" onClick=${ask(one)}>${say('center.release')}</button>`,
                },
              ]
            : []),
        ],
      }),
    )}
    ${question === undefined ? null : html`<${QuestionDialog} question=${question} close=${() => setQuestion(undefined)} />`}`
}
