import type { FiledInstance } from '../../../dicom/file/read-instance.ts'
import { recognize } from '../../../media/recognize.ts'
import { Failure, type FailureCode, isFailureCode } from '../../../platform/failure.ts'
import type { ImportedView } from '../../../protocol/control-api.ts'
import { archiveKind, beginsAsZip } from './archive-kind.ts'
import { Disc } from './disc.ts'
import { FileProblem, fileProblem, isExpected } from './file-problem.ts'
import type { ImportFile, OpenSource } from './import-file.ts'
import type { ImportOutcome } from './import-outcome.ts'
import { lastPart } from './path-parts.ts'
import { isDirectoryName, readInstanceFile } from './read-instance-file.ts'
import { openZip } from './zip-contents.ts'
import type { ZipLimits } from './zip-limits.ts'

/** Takes instances: a running agent, asked by its socket or in its own process. */
export interface ImportDesk {
  /**
   * Resolves when the instance is safe, or refused. `dataSet` may be called again if the agent was away meanwhile. Rejects
   * with the error of `dataSet`, and with a Failure if no instance can be taken now.
   */
  take(instance: FiledInstance, dataSet: () => AsyncIterable<Buffer>): Promise<ImportedView>
}

/** Refusals that the next instance would meet as well. */
const STOPPING: ReadonlySet<FailureCode> = new Set(['STORAGE_FULL', 'STORAGE_ERROR', 'DATABASE_ERROR'])

/** A part of a split zip file; the last one is named .zip. */
const SPLIT_ZIP = /\.z\d\d$/i

/** Goes through files one after the other, and hands the instances in them to the agent. */
export class FileImport {
  readonly #desk: ImportDesk
  readonly #limits: ZipLimits
  #total = 0

  constructor(desk: ImportDesk, limits: ZipLimits) {
    this.#desk = desk
    this.#limits = limits
  }

  /** Number of files that are known so far; a zip file adds its own when it is opened. */
  get total(): number {
    return this.#total
  }

  /**
   * Gives the fate of each file. Media with a DICOMDIR are compared with it. A file that cannot be read stops no other.
   * Throws the Failure of the desk if no instance can be taken, and the reason of the signal between two files.
   */
  async *run(files: readonly ImportFile[], signal?: AbortSignal): AsyncGenerator<ImportOutcome> {
    this.#total += files.length
    yield* this.#runAll(files, false, signal)
  }

  async *#runAll(
    files: readonly ImportFile[],
    isInZip: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportOutcome> {
    const { discs, problems } = await readDiscs(files)
    for (const file of files) {
      signal?.throwIfAborted()
      const disc = discs.findLast((one) => one.holds(file.path))
      const isListed = disc?.meet(file.path) ?? true
      const problem = file.problem ?? problems.get(file)
      if (problem !== undefined) yield problemOutcome(file, problem)
      else yield* this.#runOne(file, isListed, isInZip, signal)
    }
    for (const disc of discs)
      for (const { path, problem } of disc.missing) {
        this.#total++
        yield problemOutcome({ path, isNamed: false }, problem)
      }
  }

  async *#runOne(
    file: ImportFile,
    isListed: boolean,
    isInZip: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportOutcome> {
    let source: OpenSource
    try {
      source = await file.open()
    } catch (error) {
      return yield problemOutcome(file, fileProblem(error))
    }
    await using _ = source
    try {
      if (SPLIT_ZIP.test(file.path)) throw new FileProblem('zipSplit')
      if (await isZipToOpen(file, source)) {
        if (isInZip) throw new FileProblem('nestedZip')
        return yield* this.#runZip(file, source, signal)
      }
      const instance = await readInstanceFile(source, file.path)
      const taken = await this.#desk.take(instance, () => guarded(source.stream(instance.headerBytes)))
      yield takenOutcome(file, isListed, instance, taken)
    } catch (error) {
      if (error instanceof Failure || signal?.aborted === true) throw error
      yield await unreadOutcome(file, source, fileProblem(error))
    }
  }

  async *#runZip(
    file: ImportFile,
    source: OpenSource,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ImportOutcome> {
    const { files, problem } = await openZip(source, file.path, this.#limits)
    // The zip file itself is not one of the files in the account, unless something is wrong with it.
    this.#total += files.length - (problem === undefined ? 1 : 0)
    yield* this.#runAll(files, true, signal)
    if (problem !== undefined) yield problemOutcome(file, problem)
  }
}

/** An error of the source is not the desk's. */
async function* guarded(dataSet: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* dataSet
  } catch (error) {
    throw fileProblem(error)
  }
}

async function readDiscs(
  files: readonly ImportFile[],
): Promise<{ discs: readonly Disc[]; problems: ReadonlyMap<ImportFile, FileProblem> }> {
  const discs: Disc[] = []
  const problems = new Map<ImportFile, FileProblem>()
  for (const file of files) {
    if (file.problem !== undefined || !isDirectoryName(lastPart(file.path))) continue
    try {
      await using source = await file.open()
      discs.push(await Disc.read(source, file.path))
    } catch (error) {
      problems.set(file, fileProblem(error))
    }
  }
  return { discs, problems }
}

/**
 * Returns true for a zip file, whole or not: the last part of a split one does not begin as one. In folders the name tells
 * an archive of images from a program's own (.jar, .docx).
 */
async function isZipToOpen({ path, isNamed }: ImportFile, source: OpenSource): Promise<boolean> {
  if (/\.zip$/i.test(lastPart(path))) return (await source.read(128, 4)).toString('latin1') !== 'DICM'
  return isNamed && (await beginsAsZip(source))
}

function takenOutcome(
  { path, isNamed }: ImportFile,
  isListed: boolean,
  { sopInstanceUid, headerBytes, transferSyntaxUid, differences }: FiledInstance,
  { status, isKnown, isHeld, findings, code, reason }: ImportedView,
): ImportOutcome {
  if (status !== 0 && code !== null && isFailureCode(code) && STOPPING.has(code))
    throw new Failure(code, reason ?? 'taking an instance')
  const isOdd = findings.length > 0
  return {
    path,
    isNamed,
    kind: status !== 0 ? 'refused' : isKnown ? 'known' : isHeld ? 'held' : isOdd ? 'odd' : 'taken',
    sopInstanceUid,
    ...(isOdd && { findings }),
    ...(differences.length > 0 && { differing: { headerBytes, transferSyntaxUid, differences } }),
    ...(!isListed && { isUnlisted: true }),
    ...(status !== 0 && { refusal: { code: code ?? '', reason: reason ?? '' } }),
  }
}

function problemOutcome(
  { path, isNamed }: Pick<ImportFile, 'path' | 'isNamed'>,
  problem: FileProblem,
): ImportOutcome {
  const kind = problem.reason === 'notDicom' ? 'notDicom' : isExpected(problem.reason) ? 'leftOut' : 'unread'
  return { path, isNamed, kind, problem }
}

/** Says what kind of file is not DICOM. */
async function unreadOutcome(
  file: ImportFile,
  source: OpenSource,
  problem: FileProblem,
): Promise<ImportOutcome> {
  if (problem.reason !== 'notDicom') return problemOutcome(file, problem)
  const archive = await archiveKind(source, file.path)
  if (archive !== undefined) return problemOutcome(file, new FileProblem('otherArchive', archive))
  const mediaKind = await recognize(source)
  // A zip file with another name belongs to a program, such as the .jar of a viewer.
  if (mediaKind === undefined || mediaKind === 'zip') return problemOutcome(file, problem)
  return { ...problemOutcome(file, problem), mediaKind }
}
