import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceDurably, writeDurably } from '../../platform/durable-file.ts'
import { systemCode } from '../../platform/failure.ts'

/** Its name is not a UID, so no study's folder can have it. */
export const MARKER_FILE = 'ferry-store'
const CONTENT = /^ferry-store\/1 ([0-9a-f]{32})\n$/

export const newMarkerId = (): string => randomBytes(16).toString('hex')

/** The id in the marker file of a folder of instances; undefined if the folder has no such file that can be read. */
export async function readMarker(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, MARKER_FILE), 'utf8').catch(() => '')
  return CONTENT.exec(text)?.[1]
}

/** Writes the marker, in place of any other, so that it survives loss of power. Throws STORAGE_FULL or STORAGE_ERROR. */
export async function writeMarker(folder: string, id: string): Promise<void> {
  const path = join(folder, MARKER_FILE)
  const text = `ferry-store/1 ${id}\n`
  try {
    await writeDurably(path, text)
  } catch (error) {
    if (!isTaken(error)) throw error
    await replaceDurably(path, text, () => {})
  }
}

const isTaken = (error: unknown): boolean => error instanceof Error && systemCode(error.cause) === 'EEXIST'
