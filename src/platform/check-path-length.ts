import { resolve } from 'node:path'
import { Failure } from './failure.ts'

/** SQLite opens paths of at most 260 characters; the names below a data folder, with their endings, have up to 80. */
const LONGEST = 180

/** Throws PATH_UNUSABLE on Windows for a data folder whose files would have too long a path. */
export function checkPathLength(folder: string): void {
  const { length } = resolve(folder)
  if (process.platform !== 'win32' || length <= LONGEST) return
  throw new Failure(
    'PATH_UNUSABLE',
    `using the data folder ${folder}: its path has ${length} characters, and on Windows at most ${LONGEST} are possible: choose a shorter folder`,
  )
}
