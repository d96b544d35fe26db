import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { storageFailure, systemCode } from '../platform/failure.ts'

const FOLDER = 'audit'
const NAME = /^audit-(\d{12})\.jsonl$/

export const auditFolder = (dataFolder: string): string => join(dataFolder, FOLDER)

/** A file is named after its first line, so that names sort as lines do. */
export const auditFileName = (firstSequence: number): string =>
  `audit-${String(firstSequence).padStart(12, '0')}.jsonl`

export const firstSequenceOf = (name: string): number => Number(NAME.exec(name)?.[1])

/** The names of all files of a trail, in the order of their lines. Throws STORAGE_ERROR. */
export function auditFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  try {
    return readdirSync(folder)
      .filter((name) => NAME.test(name))
      .toSorted()
  } catch (error) {
    throw storageFailure(error, `reading ${folder}`)
  }
}

/** One line of a file. `isWhole`: its line break is there. */
interface ReadLine {
  readonly text: string
  readonly isWhole: boolean
}

const LINE_FEED = 0x0a

/** Reads the lines of a file, as text of UTF-8. A missing file has none. Throws STORAGE_ERROR. */
export async function* linesOf(path: string): AsyncGenerator<ReadLine> {
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(path)) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
        yield { text: rest.toString('utf8', 0, end), isWhole: true }
        rest = rest.subarray(end + 1)
      }
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw storageFailure(error, `reading ${path}`)
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), isWhole: false }
}
