import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { routeTo } from '../shared/use-route.ts'

interface Named {
  readonly studyInstanceUid: string
  readonly texts: { readonly name: string; readonly patient: string }
}

/** The patient as far as shown, else the study, as a link to it. */
export function studyLink({ studyInstanceUid, texts }: Named, label: string): VNode {
  const { name, patient } = texts
  return html`<a href=${routeTo('studies', {}, studyInstanceUid)} aria-label=${label}>${patient === '' ? html`<span class="uid">${name}</span>` : patient}</a>`
}
