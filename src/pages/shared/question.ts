import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { usePage } from './page-context.ts'

interface QuestionField {
  readonly name: string
  readonly label: string
  readonly isRequired?: boolean
  /** The field is a choice. */
  readonly options?: readonly { readonly value: string; readonly text: string }[]
}

export interface Question {
  readonly title: string
  /** The consequence of a yes. */
  readonly text: string
  readonly fields?: readonly QuestionField[]
  readonly yes: string
  /** Throws the reason in words; the dialogue then stays. */
  readonly act: (values: Readonly<Record<string, string>>) => Promise<void>
}

/** A dialogue before something is done; the browser keeps the focus in it, and Escape closes it. */
export function QuestionDialog({ question, close }: { question: Question; close: () => void }): VNode {
  const { say } = usePage()
  const dialog = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget
    if (!(form instanceof HTMLFormElement)) return
    const values = Array.from(
      new FormData(form),
      ([name, value]) => [name, typeof value === 'string' ? value : ''] as const,
    )
    setBusy(true)
    try {
      await question.act(Object.fromEntries(values))
      dialog.current?.close()
    } catch (error) {
      setProblem(error instanceof Error && error.message !== '' ? error.message : say('page.noAnswer'))
      setBusy(false)
    }
  }
  return html`<dialog ref=${dialog} onClose=${close} aria-labelledby="question-title">
    <form onSubmit=${submit}>
      <h2 id="question-title">${question.title}</h2>
      <p>${question.text}</p>
      ${(question.fields ?? []).map((field) => html`<label>${field.label}${input(field)}</label>`)}
      <p class="problem" role="alert">${problem}</p>
      <div class="buttons">
        <button type="button" onClick=${() => dialog.current?.close()}>${say('page.cancel')}</button>
        <button type="submit" class="main" disabled=${isBusy}>${question.yes}</button>
      </div>
    </form>
  </dialog>`
}

function input({ name, isRequired, options }: QuestionField): VNode {
  return options === undefined
    ? html`<input name=${name} required=${isRequired === true} maxlength="200" autocomplete="off" />`
    : html`<select name=${name} required>
          <option value=""></option>
          ${options.map(({ value, text }) => html`<option value=${value}>${text}</option>`)}
        </select>`
}
