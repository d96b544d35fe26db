import { type Setting, setting } from './setting.ts'

/** Facts that a file's path can tell. */
const NAME_GROUPS = [
  'patientId',
  'issuer',
  'patientName',
  'birthDate',
  'sex',
  'accessionNumber',
  'studyInstanceUid',
  'studyDate',
  'studyDescription',
] as const

/** A pattern of file names: `*`, `?` and, between slashes, `**`. */
export const filePattern = (reason: string): Setting<string> =>
  setting({ what: 'filePattern' }, reason, { type: 'string', minLength: 1 }, (value) =>
    value !== '' && value.length <= 200 && !/^\/|\/$|\\|\0|(^|\/)\.\.?(\/|$)/.test(value) ? value : undefined,
  )

/** A regular expression with at least one named group, each with a name of {@link NAME_GROUPS}. */
export const namesPattern = (reason: string): Setting<string> =>
  setting({ what: 'namesPattern' }, reason, { type: 'string', minLength: 1 }, (value) => {
    const groups = groupsOf(value)
    const known: readonly string[] = NAME_GROUPS
    return groups.length > 0 && groups.every((group) => known.includes(group)) ? value : undefined
  })

/** The names of the groups; none if the text is not a regular expression. */
function groupsOf(value: string): string[] {
  try {
    // An empty alternative matches everything, and the match has every group.
    return Object.keys(new RegExp(`${value}|`, 'u').exec('')?.groups ?? {})
  } catch {
    return []
  }
}
