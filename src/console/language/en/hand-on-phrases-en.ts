/** The texts about instances on their way to the PACS, and about those that an operator must release. */
export const HAND_ON_ENGLISH = {
  'centerHeld.about': 'instances that do not go to the PACS until you release them',
  'centerHeld.released': 'show released instances, with the time and the user',
  'centerHeld.none': 'Nothing is listed.',
  'centerHeld.todo': 'After a look at them: ferry-center release STUDY, or --instance UID',
  'centerRelease.about': 'release held instances to the PACS; your user name is recorded with them',
  'centerRelease.instance': 'release only this SOP Instance UID',
  'centerRelease.which': 'name one study, or one instance by --instance',
  'centerRelease.unknown': 'no such instance is held',
  'centerRelease.done': '{count} instances released.',
  'hold.conflict': 'second version',
  'hold.foreign': 'from another agent',
  'hold.unreadable': 'cannot be identified',
  'centerRetry.about':
    'hand on to the PACS again the instances that it refused, lacks, or did not have compared; held ones stay held',
  'centerRetry.now':
    'Instances that wait for the PACS: {count}. The next attempt starts now; ferry-center status shows how it goes.',
  'centerRetry.atStart':
    'Instances that wait for the PACS: {count}. The center is not running: they are handed on when it starts.',
  'centerRetry.nothing': 'Nothing waits for the PACS. Held instances need ferry-center release.',
  'centerRetry.noPacs': 'No PACS is set in center.yaml: nothing is handed on.',
  'pacs.none': 'not for a PACS',
  'pacs.waiting': 'waiting',
  'pacs.held': 'HELD at the center',
  'pacs.accepted': 'accepted {time}',
  'pacs.some': '{count} of {instances}: {accepted}',
  'pacs.partial': 'accepted in part {time}, the rest is not for a PACS',
  'pacs.unverified': 'the PACS says it has it; its copy was not compared',
  'pacs.refused': 'REFUSED',
  'retry.done': 'Instances that wait for the center: {count}. The next attempt starts now.',
  'retry.receipts': 'Studies whose receipt is awaited: {count}. The center is asked now.',
  'retry.nothing':
    'Nothing waits to be sent, and no receipt is awaited. Instances that a check holds need ferry quarantine release.',
} as const
