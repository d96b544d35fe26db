import { DirectoryRecords } from '../../../dicom/find/directory-records.ts'
import { parsePart10Header } from '../../../dicom/read/part10.ts'
import { FileProblem } from './file-problem.ts'
import type { OpenSource } from './import-file.ts'
import { pathParts } from './path-parts.ts'

const HEADER_BYTES = 64 * 1024

/**
 * A medium with a DICOMDIR (PS3.10 §8): compares the records of its directory with the files that were found. No record
 * is ever opened by its name, so none leads out of the medium.
 */
export class Disc {
  /** The parts of the path of the folder with the DICOMDIR. */
  readonly #root: readonly string[]
  /** The file IDs as written, by their comparable form; a file that was found is removed. */
  readonly #waiting: Map<string, string>
  readonly #listed: ReadonlySet<string>

  private constructor(root: readonly string[], fileIds: readonly string[]) {
    this.#root = root
    this.#waiting = new Map(fileIds.map((id) => [comparable(id.split(/[\\/]/)), id]))
    this.#listed = new Set(this.#waiting.keys())
  }

  /** Reads the DICOMDIR at `path`. Throws {@link FileProblem} 'badDirectory', and errors of the source. */
  static async read(source: OpenSource, path: string): Promise<Disc> {
    const root = pathParts(path).slice(0, -1)
    try {
      const header = parsePart10Header(await source.read(0, HEADER_BYTES))
      if (header === undefined) throw new FileProblem('badDirectory')
      const records = new DirectoryRecords(header.transferSyntaxUid)
      for await (const piece of source.stream(header.headerBytes)) records.push(piece)
      return new Disc(root, records.finish())
    } catch (error) {
      throw new FileProblem('badDirectory', '', { cause: error })
    }
  }

  /** Returns true if the path is on this medium. */
  holds(path: string): boolean {
    const parts = pathParts(path)
    return parts.length > this.#root.length && this.#root.every((part, i) => part === parts[i])
  }

  /** Notes that a file of this medium was found. Returns true if a record names it. */
  meet(path: string): boolean {
    const key = comparable(pathParts(path).slice(this.#root.length))
    this.#waiting.delete(key)
    return this.#listed.has(key)
  }

  /** The records whose files were not met, with the paths where they belong. */
  get missing(): { readonly path: string; readonly problem: FileProblem }[] {
    return Array.from(this.#waiting.values(), (id) => ({
      path: [...this.#root, ...id.split(/[\\/]/)].join('/'),
      problem: new FileProblem(isOutside(id) ? 'outsideDisc' : 'noFile', id),
    }))
  }
}

/** ISO 9660 names end with a version, perhaps after an empty ending, and drivers show them in small letters. */
const comparable = (parts: readonly string[]): string =>
  parts
    .filter((part) => part !== '')
    .map((part) => part.toUpperCase().replace(/;\d+$/, '').replace(/\.$/, ''))
    .join('\\')

const isOutside = (id: string): boolean =>
  /^[a-z]:/i.test(id) || /^[\\/]/.test(id) || id.split(/[\\/]/).includes('..')
