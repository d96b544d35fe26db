import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { showBytes, showDuration, showTime } from '../../console/views/show-values.ts'
import type { PageDevices } from '../../console/web/page-answers.ts'
import { answerView } from '../shared/answer-view.ts'
import { act } from '../shared/ask.ts'
import { dataTable } from '../shared/data-table.ts'
import { usePage } from '../shared/page-context.ts'
import { type Question, QuestionDialog } from '../shared/question.ts'
import { badge } from '../shared/section.ts'
import { useAnswer } from '../shared/use-answer.ts'
import { useAct } from './use-act.ts'

const EVERY_MS = 3000

type Device = PageDevices['devices'][number]

/** Devices by name, and those that only a person can decide about. */
export function DevicesView({ now }: { now: number }): VNode {
  const page = usePage()
  const { say, language, mayAct, tell } = page
  const asked = useAnswer<PageDevices>(`/api/devices?lang=${language}`, EVERY_MS)
  const [question, setQuestion] = useState<Question>()
  const perform = useAct()
  const askAbout = (device: Device, action: 'approve' | 'ignore'): void =>
    setQuestion({
      title: say(`page.decide.${action}.title`, { device: nameOf(device) }),
      text: say(`page.decide.${action}.text`, { address: device.peerAddress ?? '' }),
      yes: say(`page.decide.${action}`),
      ...(action === 'approve' && { fields: [{ name: 'name', label: say('page.decide.approve.name') }] }),
      act: async ({ name = '' }) => {
        await act(`/api/act/${action}?lang=${language}`, { ...caller(device), name })
        tell(say(`page.decide.${action}.done`, { device: nameOf(device) }))
        asked.refresh()
      },
    })
  const change = (device: Device, action: 'unignore' | 'forget'): Promise<void> =>
    perform(
      action,
      caller(device),
      () => say(`page.decide.${action}.done`, { device: nameOf(device) }),
      asked.refresh,
    )
  const echo = ({ name }: Device): Promise<void> =>
    perform('echo', { name: name ?? '' }, ({ words }) => words)
  const actionsOf = (device: Device): VNode | string => {
    const { state, hasAddress, peerAddress } = device
    const isStranger = (state === 'pending' || state === 'unnamed') && peerAddress !== null
    if (!isStranger && state !== 'ignored' && !hasAddress) return ''
    return html`<span class="buttons">
      ${state === 'pending' && isStranger ? button(say('page.decide.approve'), device, () => askAbout(device, 'approve'), 'main') : null}
      ${isStranger ? button(say('page.decide.ignore'), device, () => askAbout(device, 'ignore')) : null}
      ${state === 'ignored' ? button(say('page.decide.unignore'), device, () => void change(device, 'unignore')) : null}
      ${state === 'ignored' ? button(say('page.decide.forget'), device, () => void change(device, 'forget')) : null}
      ${hasAddress ? button(say('page.echo'), device, () => void echo(device)) : null}
    </span>`
  }
  return html`<h2 class="view">${say('page.view.devices')}</h2><p class="hint">${say('page.devices.hint')}</p>
    ${answerView(asked, page, ({ devices }) =>
      dataTable({
        label: say('page.view.devices'),
        rows: devices,
        keyOf: ({ callingAeTitle, peerAddress, name }) =>
          `${name ?? ''} ${callingAeTitle} ${peerAddress ?? ''}`,
        none: say('page.devices.none'),
        columns: [
          {
            title: say('page.devices.name'),
            isHead: true,
            cell: ({ name, callingAeTitle, room }) =>
              html`<span>${name ?? (callingAeTitle === '' ? '?' : callingAeTitle)}</span>${room === null ? null : html` <small>${room}</small>`}`,
          },
          {
            title: say('page.devices.aeTitle'),
            cell: ({ callingAeTitle }) => html`<code>${callingAeTitle === '' ? '?' : callingAeTitle}</code>`,
          },
          { title: say('page.devices.kind'), cell: ({ kind }) => kind ?? '' },
          { title: say('page.state'), cell: ({ state }) => badge(state, say(`device.${state}`)) },
          {
            title: say('page.devices.address'),
            cell: ({ peerAddress, addresses }) => peerAddress ?? addresses.join(', '),
          },
          { title: say('page.devices.last'), cell: (device) => lastText(device) },
          { title: say('page.images'), isNumber: true, cell: ({ instances }) => String(instances) },
          { title: say('page.size'), isNumber: true, cell: ({ bytes }) => showBytes(bytes) },
          {
            title: say('page.devices.problem'),
            cell: ({ problem, texts }) =>
              problem === null || texts.problem === ''
                ? ''
                : html`<span>${showTime(problem.at, now)} ${texts.problem}</span>${texts.todo === '' ? null : html`<small>→ ${texts.todo}</small>`}`,
          },
          ...(mayAct ? [{ title: say('page.devices.actions'), cell: actionsOf }] : []),
        ],
      }),
    )}
    ${question === undefined ? null : html`<${QuestionDialog} question=${question} close=${() => setQuestion(undefined)} />`}`

  function lastText({ lastInstance, lastSeenAt, silentAfterMs }: Device): VNode | string {
    if (lastInstance === null) {
      const called =
        lastSeenAt === null ? '' : say('page.devices.called', { time: showTime(lastSeenAt, now) })
      return html`${say('page.devices.never')}${called === '' ? null : html` <small>${called}</small>`}`
    }
    const ageMs = now - lastInstance.at
    const isSilent = silentAfterMs !== null && ageMs > silentAfterMs
    const silent = say('page.devices.silent', { age: showDuration(ageMs, say) })
    return html`${showTime(lastInstance.at, now)}${isSilent ? html` ${badge('silent', silent)}` : null}`
  }
}

const nameOf = ({ name, callingAeTitle }: Device): string => {
  const title = callingAeTitle === '' ? '?' : callingAeTitle
  return name === null || name === title ? title : `${name} (${title})`
}

const caller = ({ callingAeTitle: aeTitle, peerAddress }: Device) => ({
  aeTitle,
  address: peerAddress ?? '',
})

const button = (text: string, device: Device, onClick: () => void, kind = ''): VNode =>
  html`<button type="button" class=${kind} onClick=${onClick} aria-label=${`${text}: ${nameOf(device)}`}>${text}</button>`
