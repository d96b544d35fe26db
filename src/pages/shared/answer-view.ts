import { html } from 'htm/preact'
import type { VNode } from 'preact'
import type { PageState } from './page-context.ts'
import type { Asked } from './use-answer.ts'

/** Shows an answer; before the first one that it is read, or why there is none. */
export function answerView<Answer>(
  { answer, refusal }: Asked<Answer>,
  { say }: Pick<PageState, 'say'>,
  show: (answer: Answer) => VNode,
): VNode {
  if (answer !== undefined) return show(answer)
  if (refusal === undefined) return html`<p class="none">${say('page.loading')}</p>`
  return html`<p class="notice">${refusal.message === '' ? say('page.noAnswer') : refusal.message}</p>`
}
