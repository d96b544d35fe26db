import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { sep } from 'node:path'
import { describe, systemCode } from '../../../platform/failure.ts'
import { decodeFileName } from './file-name.ts'
import { FileProblem, type FileProblemReason } from './file-problem.ts'

/** A path that was found; with a problem if there is no file to read. */
export interface FoundFile {
  /** The path as a person reads it. */
  readonly path: string
  /** The path for the operating system: names on Linux are bytes, not always UTF-8. */
  readonly location: string | Buffer
  /** True if the path was given itself, false if it was found in a folder. */
  readonly isNamed: boolean
  /** Whether a link in place of the file is followed. */
  readonly links: LinkRule
  readonly problem?: FileProblem
}

/** Treatment of links in folders: a link that is left is reported. A link that was given itself is followed. */
type LinkRule = 'follow' | 'leave'

/**
 * Finds the files of paths and of the folders among them, in the order of their names. Each file is found once, by any of
 * its paths. Never throws for a path that cannot be read.
 */
export function findFiles(paths: readonly string[], links: LinkRule): FoundFile[] {
  const search = new FileSearch(links)
  for (const path of paths) search.visit({ path, location: path, isNamed: true, links: 'follow' })
  return search.found
}

class FileSearch {
  readonly found: FoundFile[] = []
  readonly #links: LinkRule
  /** The path of each file and folder by its real path. */
  readonly #seen = new Map<string, string>()

  constructor(links: LinkRule) {
    this.#links = links
  }

  visit(file: FoundFile): void {
    const { path, location, isNamed, links } = file
    const add = (reason: FileProblemReason, detail = ''): void =>
      void this.found.push({ ...file, problem: new FileProblem(reason, detail) })
    let stats: Stats
    let real: string
    try {
      if (links === 'leave' && lstatSync(location).isSymbolicLink()) return add('linkLeft')
      stats = statSync(location)
      real = realpathSync.native(location, 'buffer').toString('latin1')
    } catch (error) {
      return add(...reasonOf(error, isNamed))
    }
    const before = this.#seen.get(real)
    this.#seen.set(real, before ?? path)
    if (stats.isDirectory()) {
      if (before !== undefined) return
      this.#visitFolder(file, add)
    } else if (before !== undefined) add('same', before)
    else if (stats.isFile()) this.found.push(file)
    else add('notAFile')
  }

  #visitFolder(
    { path, location }: FoundFile,
    add: (reason: FileProblemReason, detail: string) => void,
  ): void {
    let names: Buffer[]
    try {
      names = readdirSync(location, 'buffer').toSorted((a, b) => a.compare(b))
    } catch (error) {
      return add('unreadable', describe(error))
    }
    const [folder, shown] = [Buffer.from(location), path.endsWith(sep) ? path : `${path}${sep}`]
    for (const name of names)
      this.visit({
        path: `${shown}${decodeFileName(name)}`,
        location: Buffer.concat([folder, Buffer.from(sep), name]),
        isNamed: false,
        links: this.#links,
      })
  }
}

function reasonOf(error: unknown, isNamed: boolean): [FileProblemReason, string] {
  const code = systemCode(error)
  if (code === 'ELOOP' || (code === 'ENOENT' && !isNamed)) return ['link', '']
  return code === 'ENOENT' ? ['missing', ''] : ['unreadable', describe(error)]
}
