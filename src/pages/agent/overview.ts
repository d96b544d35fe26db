import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { showBytes, showDuration, showTime } from '../../console/views/show-values.ts'
import type { PageOverview } from '../../console/web/page-answers.ts'
import { CopyValue } from '../shared/copy-value.ts'
import { usePage } from '../shared/page-context.ts'
import { section } from '../shared/section.ts'
import { routeTo } from '../shared/use-route.ts'
import { DiskPanel } from './disk-panel.ts'
import { HistoryPanel } from './history-panel.ts'

/** The view where a person can do something about a finding. */
const VIEW_OF: Readonly<Record<string, 'held' | 'devices' | 'queue'>> = {
  HELD: 'held',
  DEVICE_REJECTED: 'devices',
  LATE: 'queue',
}

const STATES = ['queued', 'sending', 'delivered', 'confirmed', 'held'] as const

/** Findings, progress, figures, and the facts about this machine. */
export function Overview({ overview }: { overview: PageOverview }): VNode {
  const { say, mayAct } = usePage()
  const { findings, status } = overview
  const toView = (code: string): VNode | null => {
    const view = mayAct ? VIEW_OF[code] : undefined
    if (view === undefined) return null
    return html`<p><a href=${routeTo(view)}>${say('page.finding.open', { view: say(`page.view.${view}`) })}</a></p>`
  }
  return html`
    ${mayAct ? null : html`<p class="notice">${say('page.noSession')}</p>`}
    ${findings.map(
      ({ level, code, what, advice }, i) => html`<section class=${`finding ${level}`} key=${i}>
        <p>${what}</p>
        ${toView(code)}
        <dl>${advice.map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>
      </section>`,
    )}
    ${section(
      'counts',
      say('page.counts'),
      html`<dl class="tiles">${STATES.map(
        (state) =>
          html`<div class=${`tile ${state} ${status.deliveries[state] === 0 ? 'zero' : ''}`}><dt>${say(`page.count.${state}`)}</dt><dd id=${`count-${state}`}>${status.deliveries[state]}</dd></div>`,
      )}</dl>`,
    )}
    <div class="columns">
      ${section('sending', say('page.sending'), html`<${Sending} overview=${overview} />`)}
      ${section('waiting', say('page.waiting'), html`<${Waiting} overview=${overview} />`)}
      ${section('disk', say('page.disk'), html`<${DiskPanel} disk=${status.disk} />`)}
      ${section('here', say('page.here'), html`<${Here} overview=${overview} />`)}
    </div>
    <${HistoryPanel} />
    ${section('agent', say('page.agent'), html`<${Agent} overview=${overview} />`)}
  `
}

function Sending({ overview: { status } }: { overview: PageOverview }): VNode {
  const { say } = usePage()
  const { bytesPerSecond, secondsLeft, packs } = status.sending
  if (packs.length === 0) return html`<p class="none" id="sending-none">${say('page.sending.none')}</p>`
  const parts = [
    bytesPerSecond === null ? '' : say('page.sending.rate', { rate: showBytes(bytesPerSecond) }),
    secondsLeft === null ? '' : say('page.sending.left', { time: showDuration(secondsLeft * 1000, say) }),
  ].filter((text) => text !== '')
  return html`<p id="sending-rate">${parts.join(' · ')}</p>
    <ul class="packs">${packs.map(({ studyInstanceUid: study, instances: count, bytes, reachedBytes }) => {
      const values = {
        study: shortUid(study),
        count,
        reached: showBytes(reachedBytes),
        bytes: showBytes(bytes),
      }
      const label = say('page.sending.pack', values)
      return html`<li><span>${label}</span><progress max=${bytes} value=${reachedBytes} aria-label=${label}></progress></li>`
    })}</ul>`
}

/** The end of a UID is what differs between studies. */
const shortUid = (uid: string): string => (uid.length > 16 ? `…${uid.slice(-12)}` : uid)

function Waiting({ overview: { status } }: { overview: PageOverview }): VNode {
  const { say } = usePage()
  const { oldestUnconfirmedAt: oldest, now, waitingBytes, deliveries, center } = status
  if (oldest === null) return html`<p class="none" id="waiting-none">${say('page.waiting.none')}</p>`
  const { trouble } = center
  const why =
    trouble !== null
      ? say('page.waiting.trouble', {
          age: showDuration(now - trouble.since, say),
          time: trouble.nextAttemptAt <= now ? say('time.now') : showTime(trouble.nextAttemptAt, now),
        })
      : deliveries.queued + deliveries.sending > 0
        ? say('page.waiting.turn')
        : deliveries.delivered > 0
          ? say('page.waiting.receipt')
          : say('page.waiting.held')
  return html`<p>${say('page.waiting.oldest', { age: showDuration(now - oldest, say) })}</p>
    ${waitingBytes === 0 ? null : html`<p>${say('page.waiting.bytes', { bytes: showBytes(waitingBytes) })}</p>`}
    <p>${why}</p><p><a href=${routeTo('queue')}>${say('page.waiting.link')}</a></p>`
}

function Here({ overview: { status, addresses } }: { overview: PageOverview }): VNode {
  const { say } = usePage()
  const { aeTitles, port } = status.listener
  const isAny = aeTitles.length === 0 || aeTitles.includes('*')
  return html`<dl class="here">
    ${(isAny ? [say('page.here.anyAeTitle')] : aeTitles).map((text) => html`<${CopyValue} label=${say('page.here.aeTitle')} text=${text} />`)}
    ${
      addresses.length === 0
        ? html`<div class="copy"><dt>${say('page.here.address')}</dt><dd>${say('page.here.noAddress')}</dd></div>`
        : addresses.map((text) => html`<${CopyValue} label=${say('page.here.address')} text=${text} />`)
    }
    <${CopyValue} label=${say('page.here.port')} text=${String(port)} />
  </dl>`
}

function Agent({ overview: { status, fingerprint } }: { overview: PageOverview }): VNode {
  const { say } = usePage()
  const { center, clockOffsetMs, namesShown, now } = status
  const rows = [
    [
      say('page.agent.center'),
      center.url === null ? say('page.agent.noCenter') : `${center.name ?? ''} ${center.url}`,
    ],
    [say('page.agent.fingerprint'), fingerprint],
    [say('page.agent.clock'), clockText(clockOffsetMs)],
    [
      say('page.agent.names'),
      namesShown.lastAt === null
        ? say('page.agent.namesNever')
        : say('page.agent.namesShown', { count: namesShown.times, time: showTime(namesShown.lastAt, now) }),
    ],
  ]
  return html`<dl class="facts">${rows.map(([label, text]) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`

  function clockText(offset: number | null): string {
    if (offset === null) return say('page.agent.clockUnknown')
    if (Math.abs(offset) < 1000) return say('page.agent.clockSame')
    const time = showDuration(Math.abs(offset), say)
    return say(offset >= 0 ? 'page.agent.clockAhead' : 'page.agent.clockBehind', { time })
  }
}
