import { html } from 'htm/preact'
import type { ComponentChildren, VNode } from 'preact'

/** A part of a view under a heading, by which a screen reader finds it. */
export function section(id: string, title: string, content: ComponentChildren, kind = ''): VNode {
  return html`<section class=${`panel ${kind}`} aria-labelledby=${`${id}-title`}>
    <h2 id=${`${id}-title`}>${title}</h2>${content}
  </section>`
}

/** A word in the colour of its state. */
export function badge(state: string, text: string): VNode {
  return html`<span class=${`badge ${state}`}>${text}</span>`
}
