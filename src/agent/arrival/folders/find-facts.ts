import { lstat } from 'node:fs/promises'
import type { FolderSettings } from '../../../config/folder-settings.ts'
import { systemCode } from '../../../platform/failure.ts'
import { factsFrom, type PatientFacts } from './patient-facts.ts'
import { LONGEST_SIDECAR_BYTES, readSidecar, type SidecarForm } from './read-sidecar.ts'
import { baseName, shownPath } from './shown-path.ts'
import { SourceChanged, SourceFile } from './source-file.ts'
import { below, type SweptFile } from './sweep.ts'
import type { WaitingReason } from './whose-is-it.ts'

/** A device writes the sidecar with its file, and seldom before it. */
const SIDECAR_MS = 60_000
/** A regular expression with nested repetitions takes very long on a long text. */
const LONGEST_PATH = 1000

/**
 * Finds the facts that a file's surroundings tell. The sidecar is trusted most; its path completes it. If they name two
 * patients, none is believed.
 */
export async function findFacts(
  root: Buffer,
  file: SweptFile,
  { sidecar, names }: Pick<FolderSettings, 'sidecar' | 'names'>,
  now: number,
): Promise<PatientFacts | WaitingReason> {
  const named = names === undefined ? {} : factsInPath(shownPath(file.path), names)
  if (named === undefined) return 'NAME_INVALID'
  if (sidecar === undefined) return named
  const said = await factsBeside(root, file, sidecar)
  if (said === 'missing') {
    const arrivedAt = Number(
      file.stats.mtimeMs > file.stats.ctimeMs ? file.stats.mtimeMs : file.stats.ctimeMs,
    )
    return now - arrivedAt < SIDECAR_MS ? 'SIDECAR_MISSING' : named
  }
  if (said === undefined) return 'SIDECAR_INVALID'
  const isSame = (key: 'patientId' | 'accessionNumber'): boolean =>
    said[key] === undefined || named[key] === undefined || said[key] === named[key]
  if (!isSame('patientId') || !isSame('accessionNumber')) return 'FACTS_CONTRADICT'
  return { ...named, ...said }
}

/** No facts if the path does not match; undefined if the facts in it cannot be right. */
function factsInPath(path: string, names: string): PatientFacts | undefined {
  if (path.length > LONGEST_PATH) return {}
  const groups = new RegExp(names, 'u').exec(path)?.groups
  return groups === undefined ? {} : factsFrom(groups)
}

/** True for a path that has the ending of a sidecar: such files are never taken themselves. */
export function isSidecar(name: string, form: SidecarForm | undefined): boolean {
  return form !== undefined && name.toLowerCase().endsWith(`.${form}`)
}

/** `a.jpg.json`, or `a.json`. */
async function factsBeside(
  root: Buffer,
  { path }: SweptFile,
  form: SidecarForm,
): Promise<PatientFacts | 'missing' | undefined> {
  for (const candidate of [withEnding(path, form), withEnding(withoutEnding(path), form)]) {
    const bytes = await readSmall(root, candidate)
    if (bytes !== 'missing') return bytes && readSidecar(bytes, form)
  }
  return 'missing'
}

const withEnding = (path: Buffer, form: SidecarForm): Buffer => Buffer.concat([path, Buffer.from(`.${form}`)])

function withoutEnding(path: Buffer): Buffer {
  const dot = baseName(path).lastIndexOf(0x2e)
  return dot <= 0 ? path : path.subarray(0, path.length - baseName(path).length + dot)
}

/** Undefined if it is too large, or was written meanwhile. */
async function readSmall(root: Buffer, path: Buffer): Promise<Buffer | 'missing' | undefined> {
  try {
    const stats = await lstat(below(root, path), { bigint: true })
    if (!stats.isFile() || stats.size > LONGEST_SIDECAR_BYTES) return undefined
    await using source = await SourceFile.open(root, { path, stats })
    const bytes = await source.read(0, source.size)
    await source.checkUnchanged()
    return bytes
  } catch (error) {
    if (error instanceof SourceChanged) return undefined
    if (systemCode(error) === 'ENOENT') return 'missing'
    throw error
  }
}
