import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { dayName, hourName } from '../../console/views/show-date.ts'
import { showBytes, showDuration } from '../../console/views/show-values.ts'
import type { HistorySpan, HistoryView } from '../../protocol/agent-views-api.ts'
import { answerView } from '../shared/answer-view.ts'
import { bars } from '../shared/bars.ts'
import { usePage } from '../shared/page-context.ts'
import { section } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'

const EVERY_MS = 30_000
const MEASURES = ['images', 'bytes', 'failures', 'latency'] as const
type Measure = (typeof MEASURES)[number]

/** Figures of the last day by hour, and of the last month by day. */
export function HistoryPanel(): VNode {
  const page = usePage()
  const { say } = page
  const history = useAnswer<HistoryView>('/api/history', EVERY_MS)
  const [measure, setMeasure] = useState<Measure>('images')
  const choice = html`<fieldset class="choice"><legend class="unseen">${say('page.history.measure')}</legend>${MEASURES.map(
    (one) =>
      html`<label><input type="radio" name="measure" checked=${one === measure} onChange=${() => setMeasure(one)} /><span>${say(`page.history.${one}`)}</span></label>`,
  )}</fieldset>`
  return section(
    'history',
    say('page.history'),
    html`${choice}${answerView(
      history,
      page,
      ({ hours, days }) =>
        html`<div class="columns">
          ${chart('hours', hours, ({ at }) => hourName(at))}
          ${chart('days', days, ({ at }) => dayName(at))}
        </div>`,
    )}`,
  )

  function chart(
    span: 'hours' | 'days',
    all: readonly HistorySpan[],
    nameOf: (one: HistorySpan) => string,
  ): VNode {
    const title = say(`page.history.${span}`)
    return html`<div>${bars({
      label: title,
      most: (text) => say('page.history.most', { text }),
      titles: [say('page.time'), say(`page.history.${measure}`)],
      bars: all.map((one) => ({ name: nameOf(one), value: valueOf(one), text: textOf(one) })),
    })}<p class="sum" id=${`history-${span}`}>${sumText(all)}</p></div>`
  }

  function valueOf({ images, bytes, refused, failures, latencyMs }: HistorySpan): number {
    return { images, bytes, failures: refused + failures, latency: latencyMs ?? 0 }[measure]
  }

  function textOf({ images, bytes, refused, failures, latencyMs }: HistorySpan): string {
    return {
      images: String(images),
      bytes: showBytes(bytes),
      failures: say('page.history.failuresText', { refused, failures }),
      latency: latencyMs === null ? '–' : showDuration(latencyMs, say),
    }[measure]
  }

  function sumText(all: readonly HistorySpan[]): string {
    const sum = (name: 'images' | 'bytes' | 'refused' | 'failures' | 'confirmed'): number =>
      all.reduce((total, one) => total + one[name], 0)
    if (measure === 'latency') {
      const confirmed = sum('confirmed')
      const ms = all.reduce((total, one) => total + (one.latencyMs ?? 0) * one.confirmed, 0)
      const text = confirmed === 0 ? say('page.history.none') : showDuration(ms / confirmed, say)
      return say('page.history.mean', { text })
    }
    const text = {
      images: String(sum('images')),
      bytes: showBytes(sum('bytes')),
      failures: say('page.history.failuresText', { refused: sum('refused'), failures: sum('failures') }),
    }[measure]
    return say('page.history.sum', { text })
  }
}
