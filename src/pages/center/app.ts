import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { CenterOverview, Me } from '../../console/center-web/center-answers.ts'
import { act, forgetSecret } from '../shared/ask.ts'
import { PageContext, usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { routeTo, useRoute } from '../shared/use-route.ts'
import { useTold } from '../shared/use-told.ts'
import { useWords } from '../shared/use-words.ts'
import { otherLanguage, wantedLanguage } from '../shared/words.ts'
import { AccountsView } from './accounts-view.ts'
import { HeldView } from './held-view.ts'
import { Overview } from './overview.ts'
import { ChoosePassword, SignIn } from './sign-in.ts'
import { StudiesView } from './studies-view.ts'

const EVERY_MS = 5000
const VIEWS = ['overview', 'studies', 'held', 'accounts'] as const
const MARKS = { act: '!', decide: '?', coping: '…', well: '✓' } as const

/** The frame of the page: sign-in first, then the headline, the navigation and the chosen view. */
export function App(): VNode {
  const [language, setLanguage] = useState(wantedLanguage)
  const words = useWords(language)
  const me = useAnswer<Me>('/api/me', 60_000)
  const [told, tell] = useTold()
  if (words === undefined)
    return html`<main class="frame"><p class="none" role="status">影渡 Ferry …</p></main>`
  const { say } = words
  const { answer, refusal } = me
  const person = refusal?.status === 401 ? undefined : answer
  const signOut = async (): Promise<void> => {
    await act('/api/sign-out', {}).catch(() => {})
    forgetSecret()
    me.refresh()
  }
  const state = { ...words, mayAct: person !== undefined && person.role !== 'viewer', tell }
  return html`<${PageContext.Provider} value=${state}>
    <a class="skip" href="#content" onClick=${skip}>${say('page.skip')}</a>
    <header class="frame">
      <p class="name">${say('center.title')}</p><span class="version"></span>
      ${
        person === undefined
          ? null
          : html`<span>${person.name} (${say(`role.${person.role}`)})</span>
        <button type="button" id="sign-out" onClick=${signOut}>${say('center.signOut')}</button>`
      }
      <button type="button" id="language" lang=${language === 'zh' ? 'en' : 'zh-CN'} onClick=${() => setLanguage(otherLanguage(language))}>${say('page.language')}</button>
    </header>
    ${
      person === undefined
        ? refusal === undefined || refusal.status === 0
          ? html`<main class="frame"><p class="none" role="status">${refusal === undefined ? '…' : say('center.noAnswer')}</p></main>`
          : html`<${SignIn} entered=${me.refresh} />`
        : person.isFirst
          ? html`<${ChoosePassword} chosen=${me.refresh} />`
          : html`<${SignedIn} me=${person} />`
    }
    <p class=${`told ${told?.isBad ? 'bad' : ''}`} role="alert" hidden=${told === undefined}>${told?.text ?? ''}</p>
  <//>`
}

function SignedIn({ me }: { me: Me }): VNode {
  const { say, language } = usePage()
  const { answer, refusal, refresh } = useAnswer<CenterOverview>(`/api/overview?lang=${language}`, EVERY_MS)
  const { view, query } = useRoute()
  const shown = VIEWS.find((one) => one === view) ?? 'overview'
  const content = useRef<HTMLElement>(null)
  const before = useRef(shown)
  useEffect(() => {
    // After a change of view a screen reader and the keyboard go on at its beginning.
    if (before.current !== shown) content.current?.focus()
    before.current = shown
  }, [shown])
  const isSilent = refusal?.status === 0
  useHead(isSilent ? undefined : answer)
  const show = useCallback((): VNode => {
    if (answer === undefined) return html`<p class="none">${say('page.loading')}</p>`
    if (shown === 'studies') return html`<${StudiesView} query=${query} overview=${answer} />`
    if (shown === 'held') return html`<${HeldView} />`
    if (shown === 'accounts') return html`<${AccountsView} />`
    return html`<${Overview} overview=${answer} role=${me.role} refresh=${refresh} />`
  }, [answer, shown, query, me.role, refresh, say])
  const headline = isSilent ? say('center.noAnswer') : (answer?.headline ?? '…')
  return html`<div class=${`headline ${isSilent ? 'act' : (answer?.level ?? '')}`}><p class="frame" role="status" id="headline">${headline}</p></div>
    <div class="frame body">
      <nav aria-label=${say('page.views')}><ul>${VIEWS.filter(
        (one) => one !== 'accounts' || me.role === 'admin',
      ).map(
        (one) =>
          html`<li><a href=${routeTo(one)} aria-current=${one === shown ? 'page' : undefined}>${say(`center.view.${one}`)}${
            one === 'held' && (answer?.figures?.held ?? 0) > 0
              ? html` <span class="count">${answer?.figures?.held}</span>`
              : null
          }</a></li>`,
      )}</ul></nav>
      <main id="content" ref=${content} tabindex="-1">${show()}</main>
    </div>`
}

/** The fragment of the address names the view: a link to a part of the page must not change it. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

/** Shows the state in title and icon, for a tab that is not in front. */
function useHead(overview: CenterOverview | undefined): void {
  const { say, language } = usePage()
  const level = overview?.level ?? 'none'
  const title =
    overview === undefined
      ? say('center.title')
      : `${MARKS[overview.level]} ${overview.headline} · ${say('center.title')}`
  useEffect(() => {
    document.title = title
    document.getElementById('icon')?.setAttribute('href', `/icon-${level}.svg`)
    document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
  }, [title, level, language])
}
