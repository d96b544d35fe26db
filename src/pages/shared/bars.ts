import { html } from 'htm/preact'
import type { VNode } from 'preact'

interface Bar {
  /** Time of the bar, in words. */
  readonly name: string
  readonly value: number
  /** The value in words. */
  readonly text: string
}

interface BarsOptions {
  readonly label: string
  readonly bars: readonly Bar[]
  /** Titles of the table that a screen reader is given. */
  readonly titles: readonly [time: string, value: string]
  /** Says the greatest value. */
  readonly most: (text: string) => string
}

const [WIDTH, HEIGHT, GAP] = [480, 96, 2] as const

/** Bars of equal width below their greatest value. The same figures are there as a table, for who cannot see them. */
export function bars({ label, bars: all, titles, most: saysMost }: BarsOptions): VNode {
  const most = Math.max(...all.map(({ value }) => value), 0)
  const step = WIDTH / Math.max(1, all.length)
  const [first, last] = [all[0], all.at(-1)]
  const top = all.find(({ value }) => value === most)
  return html`<figure class="bars">
    <figcaption><span>${label}</span><span class="most">${most === 0 || top === undefined ? '' : saysMost(top.text)}</span></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" x2=${WIDTH} y1=${HEIGHT - 0.5} y2=${HEIGHT - 0.5} />
      ${all.map(({ name, value, text }, i) => {
        const height = most === 0 ? 0 : Math.max(value > 0 ? 2 : 0, (value / most) * (HEIGHT - 4))
        return html`<g><title>${`${name}: ${text}`}</title>
          <rect class="space" x=${i * step} y="0" width=${step} height=${HEIGHT} />
          <rect x=${i * step + GAP / 2} y=${HEIGHT - height} width=${step - GAP} height=${height} rx="1" /></g>`
      })}
    </svg>
    <div class="ends" aria-hidden="true"><span>${first?.name ?? ''}</span><span>${last?.name ?? ''}</span></div>
    <table class="unseen"><caption>${label}</caption>
      <thead><tr><th scope="col">${titles[0]}</th><th scope="col">${titles[1]}</th></tr></thead>
      <tbody>${all.filter(({ value }) => value > 0).map(({ name, text }) => html`<tr><th scope="row">${name}</th><td>${text}</td></tr>`)}</tbody>
    </table>
  </figure>`
}
