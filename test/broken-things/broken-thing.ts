import type { Language, Pair, Program, Said } from './pair.ts'

/** A pattern for each language. */
export type Words = Readonly<Record<Language, RegExp>>

/** The question that a person asks when something is broken: a command, run once in each language. */
export interface Question {
  readonly program: Program
  readonly args: readonly string[]
  readonly wrapper?: readonly string[]
}

export const AGENT_STATUS: Question = { program: 'ferry', args: ['status'] }
export const CENTER_STATUS: Question = { program: 'ferry-center', args: ['status'] }

/** The answer that tells the truth. */
interface Expectation {
  readonly exitCode: number
  readonly cause: Words
  readonly cure: Words
  /** Sentences that are false in this state, in either language. */
  readonly never?: RegExp
}

export type Need = 'faketime' | 'openssl' | 'root'

/** One thing that breaks, and what Ferry must say about it. */
export interface BrokenThing {
  readonly broken: string
  /** Programs and rights without which it cannot be played. */
  readonly needs?: readonly Need[]
  /** Takes a second or two, so it is played with all other tests. The others are played on demand. */
  readonly isQuick?: true
  /** Takes minutes, so the script plays it only if it is asked to. */
  readonly isLong?: true
  /** Ferry repairs it by itself: the answer is one that a healthy pair gives too. */
  readonly isWell?: true
  /** The part that is not built yet, for a row that is known to fail. */
  readonly waitsFor?: string
  /** Breaks it, on a copy of a joined pair of which nothing runs. Returns the question to ask. */
  readonly play: (pair: Pair) => Promise<Question>
  readonly expected: Expectation
  /** An answer may take as long as this to become true. */
  readonly withinMs?: number
  /** Asked after the answer: returns what is wrong in addition. */
  readonly also?: (pair: Pair) => Promise<string | undefined>
}

/** The verdict on the answers in both languages. */
export interface Verdict {
  readonly answers: Readonly<Record<Language, Said>>
  readonly isExitCodeRight: boolean
  readonly namesCause: boolean
  readonly namesCure: boolean
  readonly isTrue: boolean
}

export function judge({ exitCode, cause, cure, never }: Expectation, answers: Verdict['answers']): Verdict {
  const both = [answers.en, answers.zh]
  return {
    answers,
    isExitCodeRight: both.every((said) => said.exitCode === exitCode),
    namesCause: cause.en.test(answers.en.text) && cause.zh.test(answers.zh.text),
    namesCure: cure.en.test(answers.en.text) && cure.zh.test(answers.zh.text),
    isTrue: never === undefined || both.every((said) => !never.test(said.text)),
  }
}

export const isGood = (verdict: Verdict): boolean =>
  verdict.isExitCodeRight && verdict.namesCause && verdict.namesCure && verdict.isTrue
