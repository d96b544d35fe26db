import type { DisplayAttributes, DisplayText } from './display-attributes.ts'

/**
 * Masks attributes for display: enough to distinguish the studies of a morning, not enough to identify the patient. The
 * name keeps its first character, numbers their last two, free text nothing.
 */
export function maskDisplay({
  patientName,
  patientId,
  accessionNumber,
  studyDate,
  modality,
}: DisplayAttributes): DisplayAttributes {
  return {
    ...(patientName && { patientName: { ...patientName, text: maskName(patientName.text) } }),
    ...(patientId && { patientId: masked(patientId) }),
    ...(accessionNumber && { accessionNumber: masked(accessionNumber) }),
    ...(studyDate && { studyDate }),
    ...(modality && { modality }),
  }
}

/**
 * 陈**, W***: the number of hidden characters is not revealed. Takes the ideographic group of the component groups, if
 * there is one.
 */
export function maskName(name: string): string {
  const first = /^[^\p{L}]*(\p{L}\p{M}*)/u.exec(shownName(name))?.[1]
  if (first === undefined) return '***'
  return first + (IDEOGRAPHIC.test(first) ? '**' : '***')
}

/**
 * Returns a Person Name in readable form: its ideographic group if it has one, otherwise its alphabetic one, components
 * separated by spaces (PS3.5 §6.2, PN).
 */
export function shownName(name: string): string {
  const [alphabetic = '', ideographic = ''] = name.split('=')
  const group = /[^\s^]/.test(ideographic) ? ideographic : alphabetic
  return group.split('^').join(' ').replaceAll(/\s+/g, ' ').trim()
}

const IDEOGRAPHIC = /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u

function masked(value: DisplayText): DisplayText {
  const { text } = value
  return { ...value, text: text.length > 4 ? `***${text.slice(-2)}` : '***' }
}
