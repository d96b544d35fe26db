import { type FileHandle, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../support/random.ts'

/** Ways in which programs write a file into a folder that another one watches. */
const WAYS = ['slowly', 'preallocating', 'renaming', 'truncating', 'appending', 'at once'] as const
type Way = (typeof WAYS)[number]

interface Written {
  readonly way: Way
  /** Contents that may be taken: those of a whole file that a reader could not know to be unfinished. */
  readonly whole: readonly Buffer[]
}

interface WriterOptions {
  readonly folder: string
  readonly random: Random
  /** The longest pause between two writes. */
  readonly pauseMs: number
}

/** Data Set Trailing Padding (PS3.10 §7.2): a whole file is whole with it, too. */
const PADDING = Buffer.from('fcfffcff4f4200000400000001010101', 'hex')

/** Writes one file as a program that does not think of readers. */
export async function writeCarelessly(
  name: string,
  content: Buffer,
  { folder, random, pauseMs }: WriterOptions,
): Promise<Written> {
  const way = random.pick(WAYS)
  const path = join(folder, name)
  const rest = (): Promise<void> => pause(random.between(0, pauseMs))
  const pieces = cut(content, random)
  switch (way) {
    case 'slowly':
      await writePieces(path, 'w', pieces, rest)
      return { way, whole: [content] }
    case 'preallocating': {
      await using file = await open(path, 'w')
      await file.truncate(content.length)
      await rest()
      await writeInto(file, pieces, rest)
      return { way, whole: [content] }
    }
    case 'renaming':
      await writePieces(join(folder, `${name}.tmp0`), 'w', pieces, rest)
      await rename(join(folder, `${name}.tmp0`), path)
      return { way, whole: [content] }
    case 'truncating':
      await writePieces(path, 'w', pieces.slice(0, Math.ceil(pieces.length / 2)), rest)
      await rest()
      await writePieces(path, 'w', pieces, rest)
      return { way, whole: [content] }
    case 'appending':
      await writePieces(path, 'w', pieces, rest)
      await rest()
      await writePieces(path, 'a', [PADDING], rest)
      return { way, whole: [content, Buffer.concat([content, PADDING])] }
    case 'at once':
      await writeFile(path, content)
      return { way, whole: [content] }
  }
}

async function writePieces(
  path: string,
  flags: 'w' | 'a',
  pieces: readonly Buffer[],
  rest: () => Promise<void>,
): Promise<void> {
  await using file = await open(path, flags)
  await writeInto(file, pieces, rest)
}

async function writeInto(
  file: FileHandle,
  pieces: readonly Buffer[],
  rest: () => Promise<void>,
): Promise<void> {
  for (const piece of pieces) {
    await file.write(piece)
    await rest()
  }
}

/** Pieces of chance sizes; some end in the middle of an element, and some at its end. */
function cut(content: Buffer, random: Random): Buffer[] {
  const ends = Array.from({ length: random.between(1, 6) }, () => random.between(1, content.length))
  const sorted = [...ends, content.length].toSorted((a, b) => a - b)
  return sorted.map((end, i) => content.subarray(sorted[i - 1] ?? 0, end))
}
