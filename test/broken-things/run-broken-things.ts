import { formatTable } from '../../src/console/views/text-table.ts'
import { type BrokenThing, isGood } from './broken-thing.ts'
import { BROKEN_THINGS } from './broken-things.ts'
import type { Language } from './pair.ts'
import { makeTemplate } from './pair.ts'
import { missingNeeds, type Played, play } from './play.ts'

/*
 * Breaks one thing after the other on a real pair and prints whether Ferry names cause and cure, in both languages. Words on
 * the command line choose rows by their names; --long plays the long ones too. Exit code 1 if a row fails that is not
 * known to wait for something.
 */
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const isLongWanted = process.argv.includes('--long')
const COLUMNS = ['', 'BROKEN', 'EXIT', 'CAUSE', 'CURE', 'TRUE', 'NOTE'].map((title) => ({ title }))
const say = (text: string): boolean => process.stdout.write(`${text}\n`)

const mark = (isRight: boolean): string => (isRight ? 'yes' : 'NO')

/** The lines of an answer that name the cause, else all of it. */
function quote({ expected }: BrokenThing, { verdict }: Played, language: Language): string {
  const { text } = verdict.answers[language]
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const about = lines.filter(
    (line) => expected.cause[language].test(line) || expected.cure[language].test(line),
  )
  return (isGood(verdict) && about.length > 0 ? about : lines).map((line) => `    ${line.trim()}`).join('\n')
}

function noteOf(thing: BrokenThing, { verdict, alsoWrong }: Played): string {
  const isRight = isGood(verdict) && alsoWrong === undefined
  if (thing.waitsFor === undefined) return alsoWrong ?? ''
  return isRight ? 'passes now: remove its waitsFor' : `waits for ${thing.waitsFor}`
}

async function main(): Promise<number> {
  const rows: string[][] = []
  let failures = 0
  await using template = await makeTemplate()
  for (const thing of BROKEN_THINGS) {
    if (wanted.length > 0 && !wanted.some((word) => thing.broken.includes(word))) continue
    const missing = missingNeeds(thing)
    const reason =
      thing.isLong === true && !isLongWanted
        ? '--long plays it'
        : missing.map((need) => `needs ${need}`).join()
    if (reason !== '') {
      rows.push(['-', thing.broken, '', '', '', '', reason])
      continue
    }
    let played: Played
    try {
      played = await play(thing, template.pair)
    } catch (error) {
      failures++
      say(`\n✗ ${thing.broken}\n    ${String(error)}`)
      rows.push(['✗', thing.broken, '', '', '', '', 'it could not be played to its end'])
      continue
    }
    const { verdict, alsoWrong } = played
    const isRight = isGood(verdict) && alsoWrong === undefined
    if (!isRight && thing.waitsFor === undefined) failures++
    const { en, zh } = verdict.answers
    say(
      `\n${isRight ? '✓' : '✗'} ${thing.broken}\n${quote(thing, played, 'en')}\n${quote(thing, played, 'zh')}`,
    )
    rows.push([
      isRight ? '✓' : '✗',
      thing.broken,
      verdict.isExitCodeRight
        ? String(en.exitCode)
        : `${en.exitCode}/${zh.exitCode}, not ${thing.expected.exitCode}`,
      mark(verdict.namesCause),
      mark(verdict.namesCure),
      mark(verdict.isTrue),
      noteOf(thing, played),
    ])
  }
  say(`\n${formatTable(COLUMNS, rows).join('\n')}`)
  return failures === 0 ? 0 : 1
}

process.exitCode = await main()
