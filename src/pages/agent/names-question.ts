import type { Say } from '../../console/language/language.ts'
import type { Question } from '../shared/question.ts'

const REASONS = ['asked', 'support', 'mixup', 'setup'] as const

/** Asks why full names are wanted: a choice, since free text could be a patient's name and is stored. */
export function namesQuestion(say: Say, show: (reason: string) => Promise<void>): Question {
  return {
    title: say('page.names.title'),
    text: say('page.names.text'),
    yes: say('page.names.show'),
    fields: [
      {
        name: 'reason',
        label: say('page.names.why'),
        isRequired: true,
        options: REASONS.map((value) => ({ value, text: say(`page.names.why.${value}`) })),
      },
    ],
    act: ({ reason = '' }) => show(reason),
  }
}
