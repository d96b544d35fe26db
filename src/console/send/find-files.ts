import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, systemCode } from '../../platform/failure.ts'
import type { NotSentReason } from './not-sent.ts'

/** A path that was found; with a reason if there is no file to read. */
export interface FoundFile {
  readonly path: string
  /** True if the path was given itself, false if it was found in a folder. */
  readonly isNamed: boolean
  readonly notSent?: { readonly reason: NotSentReason; readonly detail: string }
}

/**
 * Finds the files of paths and of the folders among them, in the order of their names. Links are followed, and each
 * file is found once, by any of its paths. Never throws for a path that cannot be read.
 */
export function findFiles(paths: readonly string[]): FoundFile[] {
  const search = new FileSearch()
  for (const path of paths) search.visit(path, true)
  return search.found
}

class FileSearch {
  readonly found: FoundFile[] = []
  /** The path of each file and folder by its real path. */
  readonly #seen = new Map<string, string>()

  visit(path: string, isNamed: boolean): void {
    const add = (reason: NotSentReason, detail = ''): void =>
      void this.found.push({ path, isNamed, notSent: { reason, detail } })
    let stats: Stats
    let real: string
    try {
      stats = statSync(path)
      real = realpathSync(path)
    } catch (error) {
      return add(...reasonOf(error, isNamed))
    }
    const before = this.#seen.get(real)
    this.#seen.set(real, before ?? path)
    if (stats.isDirectory()) {
      if (before !== undefined) return
      this.#visitFolder(path, add)
    } else if (before !== undefined) add('same', before)
    else if (stats.isFile()) this.found.push({ path, isNamed })
    else add('notAFile')
  }

  #visitFolder(folder: string, add: (reason: NotSentReason, detail: string) => void): void {
    let names: string[]
    try {
      names = readdirSync(folder).toSorted()
    } catch (error) {
      return add('unreadable', describe(error))
    }
    for (const name of names) this.visit(join(folder, name), false)
  }
}

function reasonOf(error: unknown, isNamed: boolean): [NotSentReason, string] {
  const code = systemCode(error)
  if (code === 'ELOOP' || (code === 'ENOENT' && !isNamed)) return ['link', '']
  return code === 'ENOENT' ? ['missing', ''] : ['unreadable', describe(error)]
}
