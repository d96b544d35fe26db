import { createReadStream } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { parsePart10Header } from '../dicom/read/part10.ts'
import { TRANSFER_SYNTAX } from '../dicom/vocabulary/transfer-syntax.ts'
import { Failure, systemCode } from '../platform/failure.ts'
import { type LeftoverSearch, StreamSearch } from './leftover-search.ts'
import type { Match } from './wanted-trie.ts'

/** One identity in one file: how often, and where first. */
export interface Leftover {
  readonly line: number
  /** 'inflated': in the data set of a file with a deflated transfer syntax; offsets count what was inflated. */
  readonly where: 'content' | 'inflated' | 'name'
  readonly offset: number
  readonly count: number
}

export interface SearchedFile {
  /** From the folder on; what was found in it is masked. */
  readonly maskedPath: string
  readonly path: string
  readonly bytes: number
  readonly leftovers: readonly Leftover[]
  /** Why it could not be searched to its end: a system's code, or what is wrong with it. */
  readonly problem?: string
}

const CHUNK_BYTES = 1024 * 1024
const HEADER_BYTES = 64 * 1024

/** Searches names and contents of all files of a folder, one after the other. A file that can't be read doesn't stop it. */
export async function* searchFolder(
  folder: string,
  search: LeftoverSearch,
  signal: AbortSignal,
): AsyncGenerator<SearchedFile> {
  const root = Buffer.from(folder)
  for await (const { name, problem } of filesIn(root, Buffer.alloc(0))) {
    signal.throwIfAborted()
    const inName = search.search(name)
    const tally = new Tally()
    tally.add('name', inName)
    const path = name.length === 0 ? root : Buffer.concat([root, SLASH, name])
    const done = problem === undefined ? await searchFile(path, search, tally, signal) : { bytes: 0, problem }
    yield { ...done, path: name.toString(), maskedPath: masked(name, inName), leftovers: tally.leftovers() }
  }
}

class Tally {
  readonly #found = new Map<string, Leftover>()

  add(where: Leftover['where'], matches: readonly Match[]): void {
    for (const { line, start } of matches) {
      const key = `${where}:${line}`
      const before = this.#found.get(key) ?? { line, where, offset: start, count: 0 }
      this.#found.set(key, { ...before, count: before.count + 1 })
    }
  }

  leftovers(): Leftover[] {
    return Array.from(this.#found.values())
  }
}

async function searchFile(
  path: Buffer,
  search: LeftoverSearch,
  tally: Tally,
  signal: AbortSignal,
): Promise<{ bytes: number; problem?: string }> {
  let bytes = 0
  const read = (where: Leftover['where']) => async (chunks: AsyncIterable<Buffer>) => {
    const stream = new StreamSearch(search)
    for await (const chunk of chunks) {
      if (where === 'content') bytes += chunk.length
      tally.add(where, stream.push(chunk))
    }
    tally.add(where, stream.finish())
  }
  try {
    const start = await deflatedStart(path)
    await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), read('content'), { signal })
    if (start !== undefined)
      await pipeline(createReadStream(path, { start }), createInflateRaw(), read('inflated'), { signal })
    return { bytes }
  } catch (error) {
    signal.throwIfAborted()
    return { bytes, problem: systemCode(error) ?? 'unreadable' }
  }
}

/** Where the deflated data set begins; undefined for every other file. */
async function deflatedStart(path: Buffer): Promise<number | undefined> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    const header = parsePart10Header(buffer.subarray(0, bytesRead))
    const isDeflated = header?.transferSyntaxUid === TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian
    return isDeflated ? header.headerBytes : undefined
  } catch (error) {
    // No DICOM file: searched as it is.
    if (error instanceof Failure) return undefined
    throw error
  } finally {
    await file.close()
  }
}

const SLASH = Buffer.from('/')

function noFolder(error: unknown): Failure {
  const found = systemCode(error) ?? 'unreadable'
  return new Failure('FILE_UNREADABLE', `looking into the folder: ${found}`, { cause: error })
}

/** Names as bytes: not all of them are UTF-8. Links are not followed. A file itself has an empty name. */
async function* filesIn(root: Buffer, inner: Buffer): AsyncGenerator<{ name: Buffer; problem?: string }> {
  const path = inner.length === 0 ? root : Buffer.concat([root, SLASH, inner])
  try {
    if (inner.length === 0 && (await lstat(path)).isFile()) return yield { name: inner }
  } catch (error) {
    throw noFolder(error)
  }
  const entries = await readdir(path, { encoding: 'buffer', withFileTypes: true }).catch((error: unknown) => {
    if (inner.length === 0) throw noFolder(error)
    return systemCode(error) ?? 'unreadable'
  })
  if (typeof entries === 'string') return yield { name: inner, problem: entries }
  for (const entry of entries.toSorted((a, b) => a.name.compare(b.name))) {
    const name = inner.length === 0 ? entry.name : Buffer.concat([inner, SLASH, entry.name])
    if (entry.isDirectory()) yield* filesIn(root, name)
    else if (entry.isFile()) yield { name }
  }
}

function masked(name: Buffer, matches: readonly Match[]): string {
  const shown = Buffer.from(name)
  for (const { start, end } of matches) shown.fill('*', start, end)
  return shown.toString()
}
