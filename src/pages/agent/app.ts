import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PageOverview } from '../../console/web/page-answers.ts'
import { PageContext } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { routeTo, useRoute } from '../shared/use-route.ts'
import { useTold } from '../shared/use-told.ts'
import { useWords } from '../shared/use-words.ts'
import { otherLanguage, type Words, wantedLanguage } from '../shared/words.ts'
import { DevicesView } from './devices-view.ts'
import { FileSender } from './file-sender.ts'
import { HeldView } from './held-view.ts'
import { ImportView } from './import-view.ts'
import { LogView } from './log-view.ts'
import { OrdersView } from './orders-view.ts'
import { Overview } from './overview.ts'
import { QueueView } from './queue-view.ts'
import { ReceiptsView } from './receipts-view.ts'
import { StudiesView } from './studies-view.ts'
import { StudyView } from './study-view.ts'

const STATUS_MS = 3000
const VIEWS = [
  'overview',
  'studies',
  'queue',
  'devices',
  'held',
  'orders',
  'receipts',
  'import',
  'log',
] as const

/** The frame of the page: the headline, the navigation and the chosen view. */
export function App(): VNode {
  const [language, setLanguage] = useState(wantedLanguage)
  const words = useWords(language)
  const status = useAnswer<PageOverview>(`/api/status?lang=${language}`, STATUS_MS)
  const [told, tell] = useTold()
  const { answer, refusal } = status
  const isSilent = refusal?.status === 0
  useHead(words, isSilent ? undefined : answer)
  if (words === undefined || answer === undefined)
    return html`<main class="frame"><p class="none" role="status">${isSilent ? (words?.say('page.noAnswer') ?? '影渡 Ferry …') : '…'}</p></main>`
  const { say } = words
  const state = { ...words, mayAct: answer.mayAct, tell }
  return html`<${PageContext.Provider} value=${state}>
    <a class="skip" href="#content" onClick=${skip}>${say('page.skip')}</a>
    <header class="frame">
      <h1>${say('page.title')}</h1><span class="version">${answer.version}</span>
      ${answer.hasSetup ? html`<a href=${`/setup?lang=${language}`}>${say('page.setup')}</a>` : null}
      <button type="button" id="language" lang=${language === 'zh' ? 'en' : 'zh-CN'} onClick=${() => setLanguage(otherLanguage(language))}>${say('page.language')}</button>
    </header>
    <div class=${`headline ${isSilent ? 'act' : answer.level}`}><p class="frame" role="status" id="headline">${isSilent ? say('page.noAnswer') : answer.headline}</p></div>
    <${Frame} overview=${answer} />
    <p class=${`told ${told?.isBad ? 'bad' : ''}`} role="alert" hidden=${told === undefined}>${told?.text ?? ''}</p>
  <//>`
}

function Frame({ overview }: { overview: PageOverview }): VNode {
  const { view, subject, query } = useRoute()
  const shown = VIEWS.find((one) => one === view) ?? 'overview'
  const place = `${shown} ${subject ?? ''}`
  const content = useRef<HTMLElement>(null)
  const [sender] = useState(() => new FileSender())
  const before = useRef(place)
  useEffect(() => {
    // After a change of view a screen reader and the keyboard go on at its beginning.
    if (before.current !== place) content.current?.focus()
    before.current = place
  }, [place])
  return html`<div class="frame body">
    <${Navigation} shown=${shown} overview=${overview} />
    <main id="content" ref=${content} tabindex="-1">${viewOf(shown, { overview, subject, query, sender })}</main>
  </div>`
}

interface Shown {
  readonly overview: PageOverview
  readonly subject: string | undefined
  readonly query: URLSearchParams
  readonly sender: FileSender
}

function viewOf(view: (typeof VIEWS)[number], { overview, subject, query, sender }: Shown): VNode {
  const { status } = overview
  switch (view) {
    case 'overview':
      return html`<${Overview} overview=${overview} />`
    case 'studies':
      return subject === undefined
        ? html`<${StudiesView} query=${query} />`
        : html`<${StudyView} key=${subject} uid=${subject} />`
    case 'queue':
      return html`<${QueueView} />`
    case 'devices':
      return html`<${DevicesView} now=${status.now} />`
    case 'held':
      return html`<${HeldView} />`
    case 'orders':
      return html`<${OrdersView} now=${status.now} />`
    case 'receipts':
      return html`<${ReceiptsView} />`
    case 'import':
      return html`<${ImportView} sender=${sender} />`
    case 'log':
      return html`<${LogView} />`
  }
}

function Navigation({ shown, overview }: { shown: string; overview: PageOverview }): VNode {
  return html`<${PageContext.Consumer}>${({ say }: Words) => {
    const { deliveries, devices, folders } = overview.status
    const counts: Readonly<Record<string, number>> = {
      queue: deliveries.queued + deliveries.sending + deliveries.delivered,
      held: deliveries.held,
      devices: devices.filter(({ state }) => state === 'pending').length,
      orders: folders.reduce((sum, { waiting, held }) => sum + waiting + held, 0),
    }
    return html`<nav aria-label=${say('page.views')}><ul>${VIEWS.map((view) => {
      const count = counts[view] ?? 0
      return html`<li><a href=${routeTo(view)} aria-current=${view === shown ? 'page' : undefined}>${say(`page.view.${view}`)}${
        count === 0 ? null : html` <span class="count">${count}</span>`
      }</a></li>`
    })}</ul></nav>`
  }}<//>`
}

/** The fragment of the address names the view: a link to a part of the page must not change it. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

/** Shows the state in title and icon, for a tab that is not in front. */
function useHead(words: Words | undefined, overview: PageOverview | undefined): void {
  const level = overview?.level ?? 'none'
  const title =
    overview === undefined
      ? (words?.say('page.title') ?? '影渡 Ferry')
      : `${MARKS[overview.level]} ${overview.headline} · ${words?.say('page.title') ?? ''}`
  useEffect(() => {
    document.title = title
    document.getElementById('icon')?.setAttribute('href', `/icon-${level}.svg`)
    document.documentElement.lang = words?.language === 'en' ? 'en' : 'zh-CN'
  }, [title, level, words?.language])
}

const MARKS = { act: '!', decide: '?', coping: '…', well: '✓' } as const
