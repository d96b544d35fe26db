import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { usePage } from './page-context.ts'

/** A value that is typed somewhere else, with a button that copies it. */
export function CopyValue({ label, text }: { label: string; text: string }): VNode {
  const { say, tell } = usePage()
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      tell(say('page.copied', { text }))
    } catch {
      tell(say('page.notCopied'), true)
    }
  }
  return html`<div class="copy"><dt>${label}</dt><dd><code>${text}</code>
    <button type="button" class="quiet" onClick=${copy} aria-label=${say('page.copyNamed', { label })}>${say('page.copy')}</button>
  </dd></div>`
}
