import { shownName } from '../../dicom/find/mask-display.ts'
import { CONTROL_PATHS, namesSchema } from '../../protocol/control-api.ts'
import { type DisplayNamesState, type DisplayView } from '../../protocol/display-api.ts'
import type { Say } from '../language/language.ts'
import type { ControlClient } from './control-client.ts'
import { osUser } from './os-user.ts'
import type { Session } from './session.ts'

/** Asks for names whole, of one study or the newest; the agent writes down who asked. */
export async function askNames(
  client: ControlClient,
  { terminal }: Session,
  which: { study: string } | { limit: number },
  reason?: string,
): Promise<ReadonlyMap<string, DisplayView>> {
  const query = new URLSearchParams({ user: osUser(terminal) })
  if ('study' in which) query.set('study', which.study)
  else query.set('limit', String(which.limit))
  if (reason !== undefined) query.set('reason', reason)
  const answer = await client.call(namesSchema, 'POST', `${CONTROL_PATHS.names}?${query.toString()}`)
  return new Map(answer.value.studies.map(({ studyInstanceUid, display }) => [studyInstanceUid, display]))
}

/** Says why there are no names and how to have them; nothing if names are kept. */
export function sayWhyNoNames(state: DisplayNamesState, { terminal, say }: Session): void {
  if (state !== 'credential' && state !== 'local-key') terminal.say(say(`names.${state}`))
}

/** A patient's name as it is shown in a table; `(?)` marks a guess. */
export function nameText(display: DisplayView, say: Say): string {
  if (display === null) return ''
  return display === 'lost' ? say('names.lost') : valueText(display.patientName, shownName)
}

export function idText(display: DisplayView): string {
  return display === null || display === 'lost' ? '' : valueText(display.patientId)
}

export function modalityText(display: DisplayView): string {
  return display === null || display === 'lost' ? '' : valueText(display.modality)
}

/** The known attributes of a study's patient, a line each, and the meaning of the marks. */
export function displayText(display: DisplayView, say: Say): [title: string, value: string][] {
  if (display === null) return []
  if (display === 'lost') return [[say('column.patient'), say('names.lost')]]
  const rows: [string, string][] = [
    [say('column.patient'), valueText(display.patientName, shownName)],
    [say('column.patientId'), valueText(display.patientId)],
    [say('column.accession'), valueText(display.accessionNumber)],
    [say('column.description'), valueText(display.studyDescription)],
    [say('column.studyDate'), valueText(display.studyDate)],
    [say('column.modality'), valueText(display.modality)],
  ]
  return rows.filter(([, value]) => value !== '')
}

/** True where a reading is only a guess. */
export function isGuessed(display: DisplayView): boolean {
  return display !== null && display !== 'lost' && Object.values(display).some((value) => value?.isGuess)
}

function valueText(
  value: { text: string; isGuess: boolean } | undefined,
  show: (text: string) => string = (text) => text,
): string {
  if (value === undefined) return ''
  return value.isGuess ? `${show(value.text)} (?)` : show(value.text)
}
