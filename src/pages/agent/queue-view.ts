import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { showBytes, showTime } from '../../console/views/show-values.ts'
import type { PageQueue } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { studyLink } from './study-cells.ts'
import { useAct } from './use-act.ts'
import { usePages } from './use-pages.ts'

const EVERY_MS = 3000

/** Studies with unconfirmed images, the longest waiting first. */
export function QueueView(): VNode {
  const { say, mayAct } = usePage()
  const [cursors, more] = usePages('queue')
  const perform = useAct()
  const retry = (): Promise<void> =>
    perform('retry', {}, ({ retried, studies }) => say('page.retry.done', { count: retried, studies }))
  return html`<div class="title"><h2 class="view">${say('page.view.queue')}</h2>
    ${mayAct ? html`<button type="button" onClick=${retry}>${say('page.retry.all')}</button>` : null}</div>
    ${cursors.map((cursor, i) => html`<${QueuePage} key=${cursor} cursor=${cursor} isFirst=${i === 0} isLast=${i === cursors.length - 1} more=${more} />`)}`
}

interface QueuePageOptions {
  readonly cursor: string
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly more: (cursor: string) => void
}

function QueuePage({ cursor, isFirst, isLast, more }: QueuePageOptions): VNode {
  const page = usePage()
  const { say, language } = page
  const now = Date.now()
  const path = `/api/queue?lang=${language}&after=${encodeURIComponent(cursor)}`
  return answerView(useAnswer<PageQueue>(path, isFirst ? EVERY_MS : 15_000), page, ({ studies, next }) => {
    return html`${
      studies.length === 0 && !(isFirst && next === null)
        ? null
        : dataTable({
            label: say('page.view.queue'),
            rows: studies,
            keyOf: ({ studyInstanceUid }) => studyInstanceUid,
            none: say('page.queue.none'),
            columns: [
              {
                title: say('page.patient'),
                isHead: true,
                cell: (study) =>
                  studyLink(study, say('page.openStudy', { study: study.texts.patient || study.texts.name })),
              },
              { title: say('page.device'), cell: ({ devices }) => devices.join(', ') },
              { title: say('page.waitsSince'), cell: ({ oldestAt }) => showTime(oldestAt, now) },
              {
                title: say('page.queue.counts'),
                isNumber: true,
                cell: ({ queued, sending, delivered }) => `${queued} / ${sending} / ${delivered}`,
              },
              {
                title: say('page.count.held'),
                isNumber: true,
                cell: ({ held }) => (held === 0 ? '' : String(held)),
              },
              {
                title: say('page.confirmed'),
                isNumber: true,
                cell: ({ confirmed, instances }) => `${confirmed}/${instances}`,
              },
              { title: say('page.size'), isNumber: true, cell: ({ bytes }) => showBytes(bytes) },
              { title: say('page.attempts'), isNumber: true, cell: ({ attempts }) => String(attempts) },
              {
                title: say('page.next'),
                cell: ({ state, nextAttemptAt }) =>
                  state !== 'queued'
                    ? ''
                    : nextAttemptAt <= now
                      ? say('time.now')
                      : showTime(nextAttemptAt, now),
              },
              { title: say('page.reason'), cell: ({ texts }) => texts.reason },
            ],
          })
    }${isLast && next !== null ? html`<p><button type="button" class="more" onClick=${() => more(next)}>${say('page.more')}</button></p>` : null}`
  })
}
