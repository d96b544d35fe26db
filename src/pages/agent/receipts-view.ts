import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { showTime } from '../../console/views/show-values.ts'
import type { PageStudies } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { downloadReceipt } from './download-receipt.ts'
import { studyLink } from './study-cells.ts'
import { usePages } from './use-pages.ts'

const EVERY_MS = 10_000

/** Confirmed studies, and the center's signed receipt of each as a file. */
export function ReceiptsView(): VNode {
  const { say } = usePage()
  const [cursors, more] = usePages('receipts')
  return html`<h2 class="view">${say('page.view.receipts')}</h2><p class="hint">${say('page.receipts.hint')}</p>
    ${cursors.map((cursor, i) => html`<${ReceiptPage} key=${cursor} cursor=${cursor} isFirst=${i === 0} isLast=${i === cursors.length - 1} more=${more} />`)}`
}

interface ReceiptPageOptions {
  readonly cursor: string
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly more: (cursor: string) => void
}

function ReceiptPage({ cursor, isFirst, isLast, more }: ReceiptPageOptions): VNode {
  const page = usePage()
  const { say, language, tell } = page
  const now = Date.now()
  const path = `/api/studies?state=confirmed&lang=${language}&after=${encodeURIComponent(cursor)}`
  return answerView(useAnswer<PageStudies>(path, EVERY_MS), page, ({ studies, next }) => {
    return html`${
      studies.length === 0 && !(isFirst && next === null)
        ? null
        : dataTable({
            label: say('page.view.receipts'),
            rows: studies,
            keyOf: ({ studyInstanceUid }) => studyInstanceUid,
            none: say('page.receipts.none'),
            columns: [
              {
                title: say('page.patient'),
                isHead: true,
                cell: (study) =>
                  studyLink(study, say('page.openStudy', { study: study.texts.patient || study.texts.name })),
              },
              { title: say('page.accession'), cell: ({ texts }) => texts.accession },
              { title: say('page.device'), cell: ({ devices }) => devices.join(', ') },
              {
                title: say('page.receipts.at'),
                cell: ({ receiptedAt }) => (receiptedAt === null ? '' : showTime(receiptedAt, now)),
              },
              { title: say('page.images'), isNumber: true, cell: ({ instances }) => String(instances) },
              { title: say('page.pacs'), cell: ({ texts }) => texts.pacs },
              {
                title: say('page.devices.actions'),
                cell: ({ studyInstanceUid: uid, receiptedAt, texts }) =>
                  receiptedAt === null
                    ? ''
                    : html`<button type="button" aria-label=${`${say('page.receipts.download')}: ${texts.patient || texts.name}`} onClick=${() => downloadReceipt(uid, tell, say('page.noAnswer'))}>${say('page.receipts.download')}</button>`,
              },
            ],
          })
    }${isLast && next !== null ? html`<p><button type="button" class="more" onClick=${() => more(next)}>${say('page.more')}</button></p>` : null}`
  })
}
