import { findingsText } from '../src/console/language/finding-words.ts'
import { breach, type Crossing, crossCorpus } from '../test/support/instances/corpus-crossing.ts'
import { CORPUS_FOLDER, corpusFiles, hasCorpus } from '../test/support/instances/corpus-files.ts'
import { FIELD_FOLDER, fieldFiles, hasField } from '../test/support/instances/field-files.ts'

const say = (text: string): boolean => process.stdout.write(`${text}\n`)

process.exitCode = await main()

/** Every file of the corpus and of the field through an agent to a center: one table; exit code 1 where a promise was broken. */
async function main(): Promise<number> {
  if (!hasCorpus()) {
    process.stderr.write(`No DICOM files in ${CORPUS_FOLDER}: FERRY_CORPUS may name another folder.\n`)
    return 1
  }
  if (!hasField())
    process.stderr.write(`No DICOM files in ${FIELD_FOLDER}: FERRY_FIELD may name another folder.\n`)
  const crossings = await crossCorpus([...corpusFiles(), ...fieldFiles()])
  say('| file | expected | what happened | found | verdict |')
  say('| --- | --- | --- | --- | --- |')
  for (const crossing of crossings) say(row(crossing))
  say('')
  for (const expected of ['ok', 'odd', 'reject']) say(summary(expected, crossings))
  say('\nAll settings are the defaults. What is no instance and names none was tried by `ferry send`.')
  return crossings.some((crossing) => breach(crossing) !== undefined) ? 1 : 0
}

function row(crossing: Crossing): string {
  const { file, findings } = crossing
  const verdict = breach(crossing)
  const cells = [
    file.name,
    file.expect,
    happened(crossing),
    findingsText(findings, 'en'),
    verdict === undefined ? 'as promised' : `BREACH: ${verdict}`,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function happened({ status, words, isAtCenter, isHeld, isDicomDir }: Crossing): string {
  if (isDicomDir) return `not taken, an index of files and no instance: ${words}`
  if (status === undefined) return `not taken: ${words}`
  const told = status.toString(16).padStart(4, '0').toUpperCase()
  if (isHeld) return `${told}, held`
  return isAtCenter ? `${told}, at the center byte for byte` : `${told} ${words}`.trimEnd()
}

function summary(expected: string, crossings: readonly Crossing[]): string {
  const those = crossings.filter(({ file }) => file.expect === expected)
  const atCenter = those.filter(({ isAtCenter }) => isAtCenter).length
  const flagged = those.filter(({ findings }) => findings.length > 0).length
  const breaches = those.filter((crossing) => breach(crossing) !== undefined).length
  return `${expected}: ${those.length} files, ${atCenter} at the center byte for byte, ${flagged} flagged, ${breaches} breaches`
}
