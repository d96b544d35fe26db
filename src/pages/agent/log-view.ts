import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { showTime } from '../../console/views/show-values.ts'
import type { PageLog } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { usePage } from '../shared/page-context.ts'
import { useAnswer } from '../shared/use-answer.ts'

const EVERY_MS = 3000
const LEVELS = ['info', 'warn', 'error'] as const

/** The last lines of the log, the newest first. */
export function LogView(): VNode {
  const page = usePage()
  const { say, language } = page
  const [level, setLevel] = useState<(typeof LEVELS)[number]>('info')
  const asked = useAnswer<PageLog>(`/api/log?lang=${language}`, EVERY_MS)
  const now = Date.now()
  const rank = (text: string): number => LEVELS.findIndex((one) => one === text)
  return html`<h2 class="view">${say('page.view.log')}</h2><p class="hint">${say('page.log.hint')}</p>
    <fieldset class="choice"><legend>${say('page.log.level')}</legend>${LEVELS.map(
      (one) =>
        html`<label><input type="radio" name="level" checked=${one === level} onChange=${() => setLevel(one)} /><span>${say(`page.log.level.${one}`)}</span></label>`,
    )}</fieldset>
    ${answerView(asked, page, ({ lines }) => {
      const shown = lines.filter((line) => rank(line.level) >= rank(level)).toReversed()
      if (shown.length === 0) return html`<p class="none">${say('page.log.none')}</p>`
      return html`<ol class="log" lang="en" tabindex="0" aria-label=${say('page.view.log')}>${shown.map(
        (line) =>
          html`<li class=${line.level} key=${`${line.at} ${line.text}`}><time>${showTime(line.at, now)}</time> <b>${line.level}</b> <span>${line.text}</span></li>`,
      )}</ol>`
    })}`
}
