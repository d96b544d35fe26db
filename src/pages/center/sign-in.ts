import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { act, keepSecret } from '../shared/ask.ts'
import { usePage } from '../shared/page-context.ts'

interface Field {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'password'
  readonly autocomplete: string
}

interface FormOptions {
  readonly title: string
  readonly text?: string
  readonly fields: readonly Field[]
  readonly yes: string
  /** Throws the reason in words. */
  readonly send: (values: Readonly<Record<string, string>>) => Promise<void>
}

/** A form of the sign-in; a refusal is shown and told to a screen reader. */
function SignInForm({ title, text, fields, yes, send }: FormOptions): VNode {
  const { say } = usePage()
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget
    if (!(form instanceof HTMLFormElement)) return
    const values = Array.from(
      new FormData(form),
      ([name, value]) => [name, typeof value === 'string' ? value : ''] as const,
    )
    setBusy(true)
    setProblem('')
    try {
      await send(Object.fromEntries(values))
    } catch (error) {
      setProblem(error instanceof Error && error.message !== '' ? error.message : say('center.noAnswer'))
    }
    setBusy(false)
  }
  return html`<main class="frame"><form class="panel sign-in" onSubmit=${submit}>
    <h1>${title}</h1>
    ${text === undefined ? null : html`<p>${text}</p>`}
    ${fields.map(
      ({ name, label, type, autocomplete }) =>
        html`<label>${label}<input name=${name} type=${type} autocomplete=${autocomplete} required maxlength="200" /></label>`,
    )}
    <p class="problem" role="alert">${problem}</p>
    <button type="submit" class="main" disabled=${isBusy}>${yes}</button>
  </form></main>`
}

/** Asks for name and password. `entered` is called once the session has begun. */
export function SignIn({ entered }: { entered: () => void }): VNode {
  const { say, language } = usePage()
  const send = async ({ name = '', password = '' }: Readonly<Record<string, string>>): Promise<void> => {
    const { secret } = await act<{ secret: string }>(`/api/sign-in?lang=${language}`, { name, password })
    keepSecret(secret)
    entered()
  }
  return html`<${SignInForm} title=${say('center.title')} yes=${say('center.signIn')} send=${send} fields=${[
    { name: 'name', label: say('center.name'), type: 'text', autocomplete: 'username' },
    { name: 'password', label: say('center.password'), type: 'password', autocomplete: 'current-password' },
  ]} />`
}

/** Asks for a password of the person's own in place of the first one. */
export function ChoosePassword({ chosen }: { chosen: () => void }): VNode {
  const { say, language } = usePage()
  const send = async ({ old = '', new: own = '', again = '' }: Readonly<Record<string, string>>) => {
    if (own !== again) throw new Error(say('center.password.differ'))
    await act(`/api/password?lang=${language}`, { old, chosen: own })
    chosen()
  }
  return html`<${SignInForm} title=${say('center.password.choose')} text=${say('center.password.rule')} yes=${say('center.password.set')} send=${send} fields=${[
    { name: 'old', label: say('center.password.old'), type: 'password', autocomplete: 'current-password' },
    { name: 'new', label: say('center.password.new'), type: 'password', autocomplete: 'new-password' },
    { name: 'again', label: say('center.password.again'), type: 'password', autocomplete: 'new-password' },
  ]} />`
}
