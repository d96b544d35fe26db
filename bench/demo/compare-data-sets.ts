import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { instanceOnDisk, type StudyInstance } from '../send-study.ts'

/** The DICOM files in a folder and below. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Throws unless the files hold the very data sets that were sent, each once. Answers how many. */
export async function compareDataSets(
  sent: readonly StudyInstance[],
  files: readonly string[],
): Promise<number> {
  const stored = await Promise.all(files.map(instanceOnDisk))
  const [before, after] = [await digests(sent), await digests(stored)]
  if (before.length !== after.length || before.some((digest, i) => digest !== after[i])) {
    throw new Error(`${after.length} data sets at the center are not the ${before.length} that were sent`)
  }
  return after.length
}

async function digests(instances: readonly StudyInstance[]): Promise<string[]> {
  const found: string[] = []
  for (const instance of instances) {
    const hash = createHash('sha256')
    for await (const chunk of instance.dataSet()) hash.update(chunk)
    found.push(`${instance.sopInstanceUid} ${hash.digest('hex')}`)
  }
  return found.toSorted()
}
