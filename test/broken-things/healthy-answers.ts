import { tempFolder } from '../support/temp-folder.ts'
import type { BrokenThing } from './broken-thing.ts'
import type { Language, Pair, Program } from './pair.ts'

const LANGUAGES = ['en', 'zh'] as const satisfies readonly Language[]
const QUESTIONS: readonly (readonly [Program, string])[] = [
  ['ferry', 'status'],
  ['ferry', 'devices'],
  ['ferry-center', 'status'],
]

/** Everything that a pair says in each language when nothing is broken and a study has crossed. */
export async function healthyAnswers(template: Pair): Promise<Readonly<Record<Language, string>>> {
  using folder = tempFolder()
  await using pair = template.copyTo(folder.join('pair'))
  await pair.startBoth()
  await pair.sendStudy(2)
  await pair.confirmed(2)
  const answers = { en: '', zh: '' }
  for (const language of LANGUAGES) {
    for (const [program, command] of QUESTIONS)
      answers[language] += (await pair.run(program, [command], { language })).text
  }
  return answers
}

/** The patterns of a row that these answers meet already: they prove nothing about what is broken. */
export function emptyPatterns(
  { broken, isWell, expected: { cause, cure } }: BrokenThing,
  answers: Readonly<Record<Language, string>>,
): string[] {
  if (isWell === true) return []
  const patterns = LANGUAGES.flatMap((language) => [
    { language, pattern: cause[language] },
    { language, pattern: cure[language] },
  ])
  return patterns
    .filter(({ language, pattern }) => pattern.test(answers[language]))
    .map(({ language, pattern }) => `${broken}: ${language} ${pattern.source}`)
}
