import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'

interface ForeignFiles {
  readonly count: number
  readonly first: string
  readonly uid: number
}

/** A spool has millions of files: after this many the picture is clear. */
const LOOKED_AT = 20_000

/** Finds files and folders below a folder that belong to another user than `uid`; undefined if there are none. */
export function foreignFiles(folder: string, uid: number): ForeignFiles | undefined {
  let found: ForeignFiles | undefined
  let left = LOOKED_AT
  const folders = [folder]
  for (let at = folders.shift(); at !== undefined && left > 0; at = folders.shift()) {
    for (const path of [...(at === folder ? [at] : []), ...namesIn(at)]) {
      const entry = statOf(path)
      if (entry === undefined || left-- <= 0) continue
      if (entry.isDirectory() && path !== at) folders.push(path)
      if (entry.uid !== uid) found = { first: path, uid: entry.uid, ...found, count: (found?.count ?? 0) + 1 }
    }
  }
  return found
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}
