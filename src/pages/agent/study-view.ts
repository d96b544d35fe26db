import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { showBytes } from '../../console/views/show-values.ts'
import type { PageNames, PageStudyDetail } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { act } from '../shared/ask.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { QuestionDialog } from '../shared/question.ts'
import { badge, section } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { routeTo } from '../shared/use-route.ts'
import { downloadReceipt } from './download-receipt.ts'
import { namesQuestion } from './names-question.ts'
import { StudyStory } from './study-story.ts'

const EVERY_MS = 5000

/** One study: who it is of as far as shown, its life, and what can be done with it. */
export function StudyView({ uid }: { uid: string }): VNode {
  const page = usePage()
  const { say, language } = page
  const asked = useAnswer<PageStudyDetail>(
    `/api/studies/${encodeURIComponent(uid)}?lang=${language}`,
    EVERY_MS,
  )
  return html`<p><a href=${routeTo('studies')}>← ${say('page.back')}</a></p>
    ${
      asked.refusal?.status === 404 && asked.answer === undefined
        ? html`<p class="notice">${say('page.studies.notFound')}</p>`
        : answerView(asked, page, (detail) => html`<${Study} detail=${detail} refresh=${asked.refresh} />`)
    }`
}

function Study({ detail, refresh }: { detail: PageStudyDetail; refresh: () => void }): VNode {
  const { say, language, tell } = usePage()
  const [names, setNames] = useState<PageNames['texts']>()
  const [isAsking, setAsking] = useState(false)
  const { study, deliveries, findings, evidence } = detail
  const { studyInstanceUid: uid, texts } = study
  const showNames = async (reason: string): Promise<void> => {
    const answer = await act<PageNames>(`/api/act/names?lang=${language}`, { study: uid, reason })
    setNames(answer.texts)
    if (answer.texts.length === 0) tell(say('page.names.none'))
  }
  const retry = async (): Promise<void> => {
    try {
      const { retried, studies } = await act<{ retried: number; studies: number }>(
        `/api/act/retry?lang=${language}`,
        { study: uid },
      )
      tell(say('page.retry.done', { count: retried, studies }))
    } catch (error) {
      tell(error instanceof Error && error.message !== '' ? error.message : say('page.noAnswer'), true)
    }
    refresh()
  }
  const masked = [
    [say('page.patient'), texts.patient],
    [say('page.patientId'), texts.patientId],
    [say('page.accession'), texts.accession],
    [say('page.modality'), texts.modality],
    [say('page.study.uid'), texts.name],
  ] as const
  return html`<h2 class="view">${texts.patient || texts.name} ${badge(study.state, say(`state.${study.state}`))}</h2>
    <dl class="facts">${masked.filter(([, text]) => text !== '').map(([label, text]) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>
    ${
      names === undefined || names.length === 0
        ? null
        : section(
            'names',
            say('page.names.shown'),
            html`<dl class="facts" id="names">${names.map(([label, text]) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`,
            'names',
          )
    }
    <div class="buttons">
      ${study.display === null || study.display === 'lost' ? null : html`<button type="button" onClick=${() => setAsking(true)}>${say('page.names.show')}</button>`}
      ${study.state === 'confirmed' && study.held === 0 ? null : html`<button type="button" onClick=${retry}>${say('page.retry')}</button>`}
      ${evidence === null || study.receiptedAt === null ? null : html`<button type="button" onClick=${() => downloadReceipt(uid, tell, say('page.noAnswer'))}>${say('page.receipts.download')}</button>`}
    </div>
    ${isAsking ? html`<${QuestionDialog} question=${namesQuestion(say, showNames)} close=${() => setAsking(false)} />` : null}
    ${section('story', say('page.story'), html`<${StudyStory} detail=${detail} />`)}
    ${section(
      'states',
      say('page.study.states'),
      dataTable({
        label: say('page.study.states'),
        rows: deliveries,
        keyOf: ({ state, reason }) => `${state} ${reason}`,
        none: '',
        columns: [
          {
            title: say('page.state'),
            isHead: true,
            cell: ({ state }) => badge(state, say(`page.count.${state}`)),
          },
          { title: say('page.images'), isNumber: true, cell: ({ instances }) => String(instances) },
          { title: say('page.size'), isNumber: true, cell: ({ bytes }) => showBytes(bytes) },
          { title: say('page.reason'), cell: ({ reason }) => reason },
        ],
      }),
    )}
    ${
      findings.length === 0 && study.conflicts === 0
        ? null
        : section(
            'findings',
            say('page.study.findings'),
            html`<ul>${findings.map(({ text, instances }) => html`<li>${say('page.study.finding', { count: instances, text })}</li>`)}
            ${study.conflicts === 0 ? null : html`<li>${say('page.conflicts', { count: study.conflicts })}</li>`}</ul>`,
          )
    }`
}
