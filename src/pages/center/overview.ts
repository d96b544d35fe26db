import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { CenterOverview, Tile } from '../../console/center-web/center-answers.ts'
import { showBytes, showTime } from '../../console/views/show-values.ts'
import type { Role } from '../../protocol/page/center-page-api.ts'
import { act } from '../shared/ask.ts'
import { usePage } from '../shared/page-context.ts'
import { type Question, QuestionDialog } from '../shared/question.ts'
import { badge, section } from '../shared/section.ts'
import { routeTo } from '../shared/use-route.ts'

const RANKS = { act: 0, coping: 1, well: 2, revoked: 3 } as const

interface OverviewOptions {
  readonly overview: CenterOverview
  readonly role: Role
  readonly refresh: () => void
}

/** Findings that need a person, then a tile for each agent: those that need help first. */
export function Overview({ overview, role, refresh }: OverviewOptions): VNode {
  const { say, language, tell } = usePage()
  const [question, setQuestion] = useState<Question>()
  const { findings, tiles, now, figures, disks, reserveBytes } = overview
  const sorted = tiles.toSorted(
    (a, b) => RANKS[levelOf(a)] - RANKS[levelOf(b)] || a.name.localeCompare(b.name),
  )
  const decide =
    (action: 'approve' | 'revoke' | 'unrevoke', { name, fingerprint }: Tile) =>
    (): void =>
      setQuestion({
        title: say(`center.${action}.title`, { name }),
        text: say(`center.${action}.text`, { fingerprint: groups(fingerprint) }),
        yes: say(`center.${action}`),
        act: async () => {
          await act(`/api/act/${action}?lang=${language}`, { subject: fingerprint })
          tell(say(`center.${action}.done`, { name }))
          refresh()
        },
      })
  const buttons = (tile: Tile): VNode | null => {
    if (role !== 'admin') return null
    const actions = { pending: 'approve', approved: 'revoke', revoked: 'unrevoke' } as const
    const action = actions[tile.state]
    return html`<p><button type="button" class=${action === 'approve' ? 'main' : 'quiet'} onClick=${decide(action, tile)}>${say(`center.${action}`)}</button></p>`
  }
  return html`${findings.map(
    ({ level, what, advice }, i) => html`<section class=${`finding ${level}`} key=${i}><p>${what}</p>
      <dl>${advice.map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl></section>`,
  )}
  <h2 class="view">${say('center.agents')}</h2>
  ${tiles.length === 0 ? html`<p class="none">${say('center.agents.none')}</p>` : null}
  <ul class="clinics">${sorted.map(
    (tile) => html`<li key=${tile.fingerprint} class=${`clinic ${levelOf(tile)} ${tile.state}`}>
    <h3>${tile.name}</h3>
    ${tile.state === 'approved' ? null : badge(tile.state, say(`state.${tile.state}`))}
    ${
      tile.conditions.length === 0
        ? null
        : html`<ul>${tile.conditions.map(({ what, severity }) => html`<li class=${severity === 'act' ? 'act-text' : ''}>${what}</li>`)}</ul>`
    }
    <${Facts} tile=${tile} now=${now} />
    <p><a href=${routeTo('studies', { agent: tile.name })}>${say('center.agent.studies')}</a></p>
    ${buttons(tile)}
  </li>`,
  )}</ul>
  ${
    figures === undefined
      ? null
      : section(
          'figures',
          say('center.figures'),
          html`<dl class="facts">
      <div><dt>${say('center.instances')}</dt><dd id="instances">${figures.instances}</dd></div>
      <div><dt>${say('center.held')}</dt><dd id="held">${figures.held}</dd></div>
      <div><dt>${say('center.packs')}</dt><dd id="packs">${figures.packsUnderWay}</dd></div>
      <div><dt>${say('center.lost')}</dt><dd id="lost">${figures.lost}</dd></div>
      ${disks.map(({ folder, freeBytes }) => html`<div><dt>${say('center.free')} ${folder}</dt><dd>${showBytes(freeBytes)} (${say('center.reserve', { reserve: showBytes(reserveBytes) })})</dd></div>`)}
    </dl>`,
        )
  }
  ${question === undefined ? null : html`<${QuestionDialog} question=${question} close=${() => setQuestion(undefined)} />`}`
}

/** The state of an agent by what needs a person. */
function levelOf({ state, conditions }: Tile): keyof typeof RANKS {
  if (state === 'revoked') return 'revoked'
  if (state === 'pending' || conditions.some(({ severity }) => severity === 'act')) return 'act'
  return conditions.length > 0 ? 'coping' : 'well'
}

function Facts({ tile: { lastSeenAt, heartbeat }, now }: { tile: Tile; now: number }): VNode {
  const { say } = usePage()
  const told = heartbeat?.heartbeat
  const facts: readonly (readonly [string, string])[] = [
    [say('center.lastContact'), lastSeenAt === null ? say('time.never') : showTime(lastSeenAt, now)],
    ...(told === undefined
      ? []
      : ([
          [say('center.today'), String(told.today.studies)],
          [say('center.backlog'), `${told.backlog.instances} (${showBytes(told.backlog.bytes)})`],
          [say('center.oldest'), told.backlog.oldestAt === null ? '–' : showTime(told.backlog.oldestAt, now)],
          [say('center.disk'), showBytes(told.disk.freeBytes)],
          [say('center.refused'), String(told.callers.refused)],
          [say('center.version'), told.version],
        ] as const)),
  ]
  return html`<dl>${facts.map(([label, text]) => html`<dt>${label}</dt><dd>${text}</dd>`)}</dl>`
}

/** A fingerprint as the other side shows it. */
const groups = (fingerprint: string): string => fingerprint.replace(/(.{4})(?=.)/g, '$1 ')
