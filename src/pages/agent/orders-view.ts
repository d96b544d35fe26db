import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { showBytes, showTime } from '../../console/views/show-values.ts'
import type { PageOrders } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { act } from '../shared/ask.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { type Question, QuestionDialog } from '../shared/question.ts'
import { section } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { namesQuestion } from './names-question.ts'
import { useAct } from './use-act.ts'

const EVERY_MS = 5000
const FACTS = ['accessionNumber', 'patientId', 'patientName'] as const

/** Sources of orders, their orders, and the files whose patient a person must name. */
export function OrdersView({ now }: { now: number }): VNode {
  const page = usePage()
  const { say, language, tell } = page
  const asked = useAnswer<PageOrders>(`/api/orders?lang=${language}`, EVERY_MS)
  const [whole, setWhole] = useState<PageOrders>()
  const [question, setQuestion] = useState<Question>()
  const perform = useAct()
  const askNames = (): void =>
    setQuestion(
      namesQuestion(say, async (reason) =>
        setWhole(await act<PageOrders>(`/api/act/order-names?lang=${language}`, { reason })),
      ),
    )
  const askWhose = (file: string): void =>
    setQuestion({
      title: say('page.assign.title'),
      text: say('page.assign.text'),
      yes: say('page.assign'),
      fields: [
        { name: 'order', label: say('page.assign.order') },
        { name: 'accessionNumber', label: say('page.accession') },
        { name: 'patientId', label: say('page.patientId') },
        { name: 'patientName', label: say('page.patient') },
      ],
      act: async (values) => {
        const order = values['order']?.trim()
        const facts = FACTS.map((name) => [name, values[name]?.trim() ?? ''] as const).filter(
          ([, text]) => text !== '',
        )
        if (!order && facts.length === 0) throw new Error(say('page.assign.nothing'))
        await act(`/api/act/assign?lang=${language}`, {
          file,
          ...(order && { order }),
          facts: Object.fromEntries(facts),
        })
        tell(say('page.assign.done'))
        asked.refresh()
      },
    })
  return html`<div class="title"><h2 class="view">${say('page.view.orders')}</h2>
    ${whole === undefined ? html`<button type="button" onClick=${askNames}>${say('page.orders.show')}</button>` : null}</div>
    ${answerView(asked, page, (masked) => {
      const { sources, folders, files, orders } = { ...masked, ...(whole && { orders: whole.orders }) }
      const pathOf = new Map((whole?.files ?? []).map(({ file, path }) => [file, path]))
      return html`
        ${section(
          'files',
          say('page.orders.files'),
          html`${folders.length === 0 ? null : html`<dl class="facts">${folders.map(({ name, text }) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`}${dataTable(
            {
              label: say('page.orders.files'),
              rows: files,
              keyOf: ({ file }) => file,
              none: say('page.orders.noFiles'),
              columns: [
                {
                  title: say('page.orders.file'),
                  isHead: true,
                  cell: ({ file }) => pathOf.get(file) ?? html`<small>${say('page.orders.hidden')}</small>`,
                },
                { title: say('page.orders.folder'), cell: ({ folder }) => folder },
                { title: say('page.orders.since'), cell: ({ since }) => showTime(since, now) },
                { title: say('page.size'), isNumber: true, cell: ({ bytes }) => showBytes(bytes) },
                { title: say('page.reason'), cell: ({ text }) => text },
                {
                  title: say('page.devices.actions'),
                  cell: ({ file, state }) =>
                    state === 'waiting'
                      ? html`<button type="button" class="main" onClick=${() => askWhose(file)}>${say('page.assign')}</button>`
                      : '',
                },
              ],
            },
          )}`,
        )}
        ${section(
          'sources',
          say('page.orders.sources'),
          sources.length === 0
            ? html`<p class="none">${say('page.orders.noSources')}</p>`
            : html`<dl class="facts">${sources.map(
                ({ name: source, text }) => html`<div><dt>${source}</dt><dd>${text}
                  <button type="button" class="quiet" onClick=${() => perform('order-test', { source }, () => say('page.orders.asked', { source }), asked.refresh)}>${say('page.orders.ask')}</button></dd></div>`,
              )}</dl>`,
        )}
        ${section(
          'orders',
          say('page.orders.orders'),
          dataTable({
            label: say('page.orders.orders'),
            rows: orders,
            keyOf: (order) =>
              JSON.stringify([
                order.source,
                order.key,
                order.studyInstanceUid,
                order.scheduledAt,
                order.texts,
              ]),
            none: say('page.orders.noOrders'),
            columns: [
              {
                title: say('page.patient'),
                isHead: true,
                cell: ({ texts, isUsable }) =>
                  html`${texts.patient}${isUsable ? null : html` <small>${say('page.orders.unusable')}</small>`}`,
              },
              { title: say('page.patientId'), cell: ({ texts }) => texts.patientId },
              { title: say('page.accession'), cell: ({ texts }) => texts.accession },
              { title: say('page.modality'), cell: ({ texts }) => texts.modality },
              {
                title: say('page.orders.scheduled'),
                cell: ({ scheduledAt }) => (scheduledAt ?? '').replace('T', ' '),
              },
              { title: say('page.orders.station'), cell: ({ stationAeTitle }) => stationAeTitle ?? '' },
              { title: say('page.orders.source'), cell: ({ source }) => source },
              ...(whole === undefined
                ? []
                : [
                    {
                      title: say('page.orders.key'),
                      cell: ({ key }: PageOrders['orders'][number]) => key ?? '',
                    },
                  ]),
            ],
          }),
        )}`
    })}
    ${question === undefined ? null : html`<${QuestionDialog} question=${question} close=${() => setQuestion(undefined)} />`}`
}
