import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { showBytes } from '../../console/views/show-values.ts'
import type { HistoryView } from '../../protocol/agent-views-api.ts'
import type { AgentStatus } from '../../protocol/control-api.ts'
import { usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'

const HISTORY_MS = 60_000
/** Full days whose mean is taken. */
const MEAN_OF_DAYS = 7

/** The contents of the disk of the images, and the time for which its room lasts. */
export function DiskPanel({ disk }: { disk: AgentStatus['disk'] }): VNode {
  const { say } = usePage()
  const { answer: history } = useAnswer<HistoryView>('/api/history', HISTORY_MS)
  const { contents, freeBytes, reserveBytes } = disk
  const reserve = say('page.disk.reserve', { free: showBytes(freeBytes), reserve: showBytes(reserveBytes) })
  if (contents === null) return html`<p>${reserve}</p><p>${say('page.disk.noContents')}</p>`
  const parts = [
    ['waiting', contents.waitingBytes],
    ['confirmed', contents.confirmedBytes],
    ['held', contents.heldBytes],
    ['other', contents.otherBytes],
    ['free', freeBytes],
  ] as const
  const total = Math.max(
    1,
    parts.reduce((sum, [, bytes]) => sum + bytes, 0),
  )
  let at = 0
  return html`<svg class="disk" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">${parts.map(
    ([name, bytes]) => {
      const x = (at / total) * 1000
      at += bytes
      return html`<rect class=${name} x=${x} y="0" width=${(bytes / total) * 1000} height="20" />`
    },
  )}</svg>
    <dl class="legend">${parts.map(
      ([name, bytes]) =>
        html`<div><dt><span class=${`dot ${name}`} aria-hidden="true"></span>${say(`page.disk.${name}`)}</dt><dd id=${`disk-${name}`}>${showBytes(bytes)}</dd></div>`,
    )}</dl>
    <p>${reserve}</p>
    ${history === undefined ? null : html`<p id="disk-days">${daysText(history)}</p>`}`

  function daysText({ days }: HistoryView): string {
    const past = days.slice(0, -1)
    const first = past.findIndex(({ bytes }) => bytes > 0)
    const full = first === -1 ? [] : past.slice(first).slice(-MEAN_OF_DAYS)
    const mean = full.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, full.length)
    if (mean === 0) return say('page.disk.noDays')
    // Confirmed copies are removed early if room is needed.
    const room = Math.max(0, freeBytes - reserveBytes) + (contents?.confirmedBytes ?? 0)
    return say('page.disk.days', { days: Math.floor(room / mean), of: full.length })
  }
}
