import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { encodeInventedHeader } from './study/invented-instance.ts'
import { ImageMaker } from './study/pixels.ts'
import { type SetName, STUDY_SETS } from './study/study-sets.ts'

/** Number of frames after which a cine loop repeats itself, since drawing takes longer than writing. */
const DRAWN_FRAMES = 16

/** Where the bench keeps its sets; ignored by git. */
export const DATA_FOLDER = join(import.meta.dirname, 'data')

/**
 * Writes the first `instances` of an invented set into `folder` and returns their paths in order. Existing files
 * are kept: the bytes depend on nothing but the set and the number, on any machine. Nothing large is held in memory.
 */
export async function makeStudy(
  name: SetName,
  instances: number = STUDY_SETS[name].instances,
  folder: string = join(DATA_FOLDER, name),
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const maker = new ImageMaker(STUDY_SETS[name].phantom)
  const paths: string[] = []
  for (let number = 1; number <= instances; number++) {
    const path = join(folder, `${String(number).padStart(5, '0')}.dcm`)
    if (!(await isThere(path))) await makeInstance(name, number, maker, path)
    paths.push(path)
  }
  return paths
}

/** The name is given last, so that a half-written file is never taken for a whole one. */
async function makeInstance(name: SetName, number: number, maker: ImageMaker, path: string): Promise<void> {
  const unfinished = `${path}.part`
  await using file = await open(unfinished, 'w')
  await file.writeFile(encodeInventedHeader(name, number))
  const drawn: Buffer[] = []
  for (let frame = 0; frame < STUDY_SETS[name].frames; frame++) {
    const image = drawn[frame % DRAWN_FRAMES] ?? maker.image(number + frame)
    drawn[frame % DRAWN_FRAMES] = image
    await file.writeFile(image)
  }
  await rename(unfinished, path)
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function main([name = '', instances, folder]: readonly string[]): Promise<void> {
  if (!isSetName(name)) {
    process.stderr.write(
      `usage: node bench/make-study.ts ${Object.keys(STUDY_SETS).join('|')} [instances] [folder]\n`,
    )
    process.exitCode = 2
    return
  }
  const count = instances === undefined ? undefined : Number(instances)
  const paths = await makeStudy(name, count, folder === undefined ? undefined : resolve(folder))
  process.stdout.write(`${paths.length} instances, from ${paths[0]}\n`)
}

function isSetName(name: string): name is SetName {
  return Object.hasOwn(STUDY_SETS, name)
}

if (import.meta.main) await main(process.argv.slice(2))
