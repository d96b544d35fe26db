import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { tempFolder } from '../support/temp-folder.ts'
import { type BrokenThing, isGood, judge, type Need, type Verdict } from './broken-thing.ts'
import type { Language, Pair, Said } from './pair.ts'

const WITHIN_MS = 30_000

export interface Played {
  readonly verdict: Verdict
  /** Undefined if nothing is wrong in addition to the verdict. */
  readonly alsoWrong: string | undefined
}

/** Breaks the thing on a copy of the pair, and asks until the answer is as expected or its time is over. */
export async function play(thing: BrokenThing, template: Pair): Promise<Played> {
  using folder = tempFolder()
  await using pair = template.copyTo(folder.join('pair'))
  const question = await thing.play(pair)
  const ask = async (language: Language): Promise<Said> =>
    pair.run(question.program, question.args, { ...question, language })
  const deadline = performance.now() + (thing.withinMs ?? WITHIN_MS)
  let verdict: Verdict
  do {
    verdict = judge(thing.expected, { en: await ask('en'), zh: await ask('zh') })
  } while (!isGood(verdict) && performance.now() < deadline)
  return { verdict, alsoWrong: await thing.also?.(pair) }
}

/** The needs that this machine does not meet. */
export function missingNeeds({ needs = [] }: BrokenThing): Need[] {
  return needs.filter((need) => !isMet(need))
}

/** Whether this machine has a program or right. */
export function isMet(need: Need): boolean {
  switch (need) {
    case 'root':
      return process.platform === 'linux' && process.getuid?.() === 0
    case 'faketime':
      return FAKETIME !== undefined
    case 'openssl':
      return spawnSync('openssl', ['version']).status === 0
  }
}

const FAKETIME = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0]

/** Puts a program's wall clock ahead or back by this many seconds; its monotonic clock is the true one. */
export const wallClockOff = (seconds: number): readonly string[] => [
  'env',
  `LD_PRELOAD=${FAKETIME ?? ''}`,
  `FAKETIME=${seconds > 0 ? '+' : ''}${seconds}s`,
  'FAKETIME_DONT_FAKE_MONOTONIC=1',
  'DONT_FAKE_MONOTONIC=1',
  'NO_FAKE_STAT=1',
]
