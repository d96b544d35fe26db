import { findingsText } from '../src/console/language/finding-words.ts'
import { sopClassName } from '../src/dicom/vocabulary/sop-class.ts'
import { transferSyntaxName } from '../src/dicom/vocabulary/transfer-syntax.ts'
import { breach, type Crossing, crossCorpus } from '../test/support/instances/corpus-crossing.ts'
import { CORPUS_FOLDER, corpusFiles, hasCorpus } from '../test/support/instances/corpus-files.ts'
import { FIELD_FOLDER, fieldFiles, hasField } from '../test/support/instances/field-files.ts'
import { crossMedia, type MediaCrossing, mediaBreach } from '../test/support/media/media-crossing.ts'
import { MEDIA_PROGRAMS } from '../test/support/media/media-kinds.ts'
import { missingPrograms } from '../test/support/media/missing-programs.ts'

const say = (text: string): boolean => process.stdout.write(`${text}\n`)

process.exitCode = Math.max(await corpusTable(), await mediaTable())

/** Every file of the corpus and of the field through an agent to a center: one table; exit code 1 where a promise was broken. */
async function corpusTable(): Promise<number> {
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

/** One file of each kind without DICOM, from a watched folder to a center: a second table. */
async function mediaTable(): Promise<number> {
  const missing = missingPrograms(MEDIA_PROGRAMS)
  if (missing.length > 0) {
    process.stderr.write(`No files without DICOM were tried: ${missing.join(', ')} is not installed.\n`)
    return 0
  }
  const crossings = await crossMedia()
  say('\n| file without DICOM | folder | becomes | transfer syntax | its bytes | verdict |')
  say('| --- | --- | --- | --- | --- | --- |')
  for (const crossing of crossings) say(mediaRow(crossing))
  return crossings.some((crossing) => mediaBreach(crossing) !== undefined) ? 1 : 0
}

function mediaRow(crossing: MediaCrossing): string {
  const { file, stored, isSame, held } = crossing
  const breached = mediaBreach(crossing)
  const becomes =
    stored === undefined
      ? [held === undefined ? 'not taken: it is not whole, or of no known kind' : `held: ${held}`, '']
      : [sopClassName(stored.sopClassUid), transferSyntaxName(stored.transferSyntaxUid)]
  const bytes = stored === undefined ? '' : sameness(isSame)
  const verdict = breached === undefined ? 'as promised' : `BREACH: ${breached}`
  return `| ${[file.name, file.as, ...becomes.map((name) => name ?? 'unknown'), bytes, verdict].join(' | ')} |`
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

function sameness(isSame: boolean | undefined): string {
  if (isSame === undefined) return 'decoded, or frame by frame'
  return isSame ? 'unchanged' : 'changed'
}
