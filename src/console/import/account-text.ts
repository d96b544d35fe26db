import type { ImportAccount } from '../../agent/arrival/import/import-account.ts'
import {
  type ImportOutcome,
  OUTCOME_KINDS,
  type OutcomeKind,
} from '../../agent/arrival/import/import-outcome.ts'
import { causesIn } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import { findingsText } from '../language/finding-words.ts'
import { type Language, speak } from '../language/language.ts'
import { differenceWords } from '../send/outcome-words.ts'
import { printable } from '../views/text-table.ts'

/** Kinds whose files are listed; the others are only counted, since nothing is to be said about them. */
const LISTED_KINDS = ['odd', 'held', 'refused', 'unread', 'notDicom', 'leftOut'] as const

interface AccountText {
  /** One line for each fate that occurred. */
  readonly counts: readonly { readonly kind: OutcomeKind; readonly count: number; readonly text: string }[]
  readonly lists: readonly AccountList[]
}

interface AccountList {
  readonly title: string
  /** A file and its reason each. */
  readonly lines: readonly string[]
  /** Says how many more there are; empty if these are all. */
  readonly more: string
}

/** The account of an import in words of one language. `show` shortens the paths; `limit`: lines of a list. */
export function accountText(
  account: ImportAccount,
  language: Language,
  { limit, show = (path) => path }: { readonly limit: number; readonly show?: (path: string) => string },
): AccountText {
  const say = speak(language)
  const list = (title: string, lines: readonly string[], count: number): AccountList => ({
    title,
    lines: lines.slice(0, limit),
    more: count > limit ? say('import.more', { count: count - limit }) : '',
  })
  const lists = LISTED_KINDS.filter((kind) => account.counts[kind] > 0).map((kind) => {
    const count = account.counts[kind]
    const lines = account
      .ofKind(kind)
      .map((one) => `${printable(show(one.path))}: ${reasonText(one, language)}`)
    return list(say(`import.list.${kind}`, { count }), lines, count)
  })
  const remarks = (['taken', 'known', 'odd', 'held'] as const)
    .flatMap((kind) => account.ofKind(kind))
    .flatMap((one) => remarksText(one, language).map((words) => `${printable(show(one.path))}: ${words}`))
  if (remarks.length > 0)
    lists.unshift(list(say('import.list.remarks', { count: remarks.length }), remarks, remarks.length))
  const counts = OUTCOME_KINDS.filter((kind) => account.counts[kind] > 0).map((kind) => ({
    kind,
    count: account.counts[kind],
    text: say(`import.kind.${kind}`),
  }))
  return { counts, lists }
}

/** Says why a file has its fate, without its name; empty if there is nothing to say. */
export function reasonText(outcome: ImportOutcome, language: Language): string {
  const say = speak(language)
  const { findings, refusal, problem, mediaKind } = outcome
  if (refusal !== undefined && (findings === undefined || findings.length === 0)) {
    const words = wordsOfFailure(refusal.code, language)
    const cause = causesIn(language)(refusal.reason)
    return say('import.refused', { reason: words?.meaning ?? cause })
  }
  if (findings !== undefined) return findingsText(findings, language)
  if (problem === undefined) return ''
  if (mediaKind !== undefined) return say('import.notDicomKind', { kind: mediaKind.toUpperCase() })
  if (problem.reason === 'notDicom') return say('import.notDicom')
  const detail = problem.reason === 'unreadable' ? causesIn(language)(problem.detail) : problem.detail
  return printable(say(`file.not.${problem.reason}`, { detail }))
}

/** Returns remarks about an instance that is safe, in one sentence each. */
export function remarksText({ differing, isUnlisted }: ImportOutcome, language: Language): string[] {
  const say = speak(language)
  const words = differing === undefined ? [] : differenceWords(differing, say, 'import')
  return isUnlisted ? [...words, say('import.unlisted')] : words
}
