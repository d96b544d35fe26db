import { relative } from 'node:path'
import { isExpected } from '../../agent/arrival/import/file-problem.ts'
import type { Session } from '../session/session.ts'
import { printable } from '../views/text-table.ts'
import { differenceWords, resultWords } from './outcome-words.ts'
import type { FileOutcome } from './send-files.ts'

/** Longer lists are cut in text; JSON has all of them. */
const LISTED = 20

/** True for files that a folder may hold beside instances. They do not count as instances that were not sent. */
export const isLeftOut = ({ isNamed, result }: FileOutcome): boolean =>
  result.kind === 'notSent' && !isNamed && isExpected(result.reason)

/** One line for a person: the file, and why it was not stored. */
export function outcomeLine(outcome: FileOutcome, session: Session): string {
  return lineOf(outcome, resultWords(outcome, session.say), session)
}

/** Says which files were left out, and where stored instances are not what their header says. */
export function sayLists(outcomes: readonly FileOutcome[], session: Session): void {
  const leftOut = outcomes.filter(isLeftOut).map((one) => outcomeLine(one, session))
  const remarks = outcomes.flatMap((one) =>
    remarksOf(one, session).map((words) => lineOf(one, words, session)),
  )
  sayList('send.leftOut', leftOut, session)
  sayList('send.remarks', remarks, session)
}

/** The same for a program, with every file. */
export function outcomeViews(outcomes: readonly FileOutcome[], session: Session): object {
  const view = (one: FileOutcome): object => ({
    path: one.path,
    isStored: one.isStored,
    ...(one.result.kind === 'answered' && { status: one.result.status }),
    ...(one.result.kind === 'notSent' && { reason: one.result.reason }),
    words: resultWords(one, session.say),
    ...(one.file !== undefined && {
      sopClassUid: one.file.sopClassUid,
      sopInstanceUid: one.file.sopInstanceUid,
      transferSyntaxUid: one.file.transferSyntaxUid,
      differences: one.file.differences,
    }),
  })
  return {
    files: outcomes.filter((one) => !isLeftOut(one)).map(view),
    leftOut: outcomes.filter(isLeftOut).map(view),
  }
}

function remarksOf(outcome: FileOutcome, { say }: Session): string[] {
  const differences = outcome.file === undefined ? [] : differenceWords(outcome.file, say, 'send')
  const words = outcome.isStored ? resultWords(outcome, say) : ''
  return words === '' ? differences : [...differences, words]
}

function sayList(title: 'send.leftOut' | 'send.remarks', lines: readonly string[], session: Session): void {
  const { terminal, say } = session
  if (lines.length === 0) return
  terminal.say(say(title, { count: lines.length }))
  for (const line of lines.slice(0, LISTED)) terminal.say(`  ${line}`)
  if (lines.length > LISTED) terminal.say(`  ${say('send.more', { count: lines.length - LISTED })}`)
}

const lineOf = ({ path }: FileOutcome, words: string, { terminal }: Session): string =>
  printable(`${relative(terminal.folder, path)}: ${words}`)
