/** The texts about instances on their way to the PACS, and about those that an operator must release. */
export const HAND_ON_ENGLISH = {
  'centerHeld.about': 'instances that do not reach the PACS before you release them',
  'centerHeld.released': 'those that were released, with when and by whom',
  'centerHeld.none': 'Nothing is listed.',
  'centerHeld.todo': 'After you have looked at them: ferry-center release STUDY, or --instance UID',
  'centerRelease.about': 'let held instances through to the PACS; your user name is kept with them',
  'centerRelease.instance': 'only this SOP Instance UID',
  'centerRelease.which': 'name one study, or one instance by --instance',
  'centerRelease.unknown': 'nothing of that is held',
  'centerRelease.done': '{count} instances released.',
  'hold.conflict': 'second version',
  'hold.foreign': "another agent's",
  'hold.unreadable': 'not certain what it is',
  'centerRetry.about':
    'hand on to the PACS again what it refused, lacks, or was not compared; not what is held',
  'centerRetry.done': '{count} instances are handed on again.',
  'pacs.none': 'no PACS',
  'pacs.waiting': 'waiting',
  'pacs.held': 'HELD at the center',
  'pacs.accepted': 'has it',
  'pacs.unverified': 'says it has it, its copy was not compared',
  'pacs.refused': 'REFUSED',
} as const
