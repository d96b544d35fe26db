import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { confirm, isCancel, select, text } from '@clack/prompts'
import { Failure } from '../../platform/failure.ts'
import type { Questions } from './questions.ts'

const output = process.stderr

/** Questions on the terminal. Throws INTERRUPTED if the person ends the dialogue by Ctrl-C: what was done so far stays. */
export const TERMINAL_QUESTIONS: Questions = {
  isAsking: true,
  text: async (message, usual) => {
    const answer = await text({ message, defaultValue: usual, placeholder: usual, output })
    return isCancel(answer) ? stopped() : answer
  },
  confirm: async (message, usual) => {
    const answer = await confirm({ message, initialValue: usual, output })
    return isCancel(answer) ? stopped() : answer
  },
  choose: async (message, choices, usual) => {
    const answer = await select({ message, options: [...choices], initialValue: usual, output })
    return isCancel(answer) ? stopped() : answer
  },
  enter: async (signal) => {
    const lines = createInterface({ input: process.stdin })
    try {
      await once(lines, 'line', { signal })
    } finally {
      lines.close()
    }
  },
}

function stopped(): never {
  throw new Failure('INTERRUPTED', 'setting up: a question was not answered')
}
