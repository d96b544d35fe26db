import { posix } from 'node:path'
import type { CrossProblem, Repetition } from './check-settings.ts'
import { listAt, repeatedNames, textAt } from './yaml-places.ts'

const FOLDERS = ['folders']

export function repeatedFolderNames(values: unknown): Repetition[] {
  return repeatedNames(listAt(values, FOLDERS), FOLDERS)
}

/** Finds an unlisted device, folders within one another or within the data folder, and a move without its place. */
export function folderProblems(values: unknown): CrossProblem[] {
  const folders = listAt(values, FOLDERS)
  const devices = listAt(values, ['devices']).flatMap((device) =>
    ['name', 'aeTitle'].flatMap((key) => textAt(device, key)?.trim() ?? []),
  )
  const dataFolder = textAt(values, 'dataFolder') ?? 'data'
  return folders.flatMap((folder, i) => {
    const earlier = folders.slice(0, i).map((other, at) => ({
      path: textAt(other, 'path'),
      setting: `folders[${at}].path`,
    }))
    const others = [{ path: dataFolder, setting: 'dataFolder' }, ...earlier]
    return [
      ...deviceProblem(folder, i, devices),
      ...moveProblem(folder, i),
      ...moveOverlaps(folder, i, folders),
      ...others.flatMap((other) => overlap(textAt(folder, 'path'), other, i)),
    ]
  })
}

function deviceProblem(folder: unknown, i: number, devices: readonly string[]): CrossProblem[] {
  const device = textAt(folder, 'device')?.trim()
  if (device === undefined || devices.includes(device)) return []
  const expected =
    devices.length === 0
      ? ({ what: 'listedDevice' } as const)
      : ({ what: 'choice', choices: Array.from(new Set(devices)) } as const)
  return [{ kind: 'wrong', path: [...FOLDERS, i, 'device'], found: device, expected }]
}

function moveProblem(folder: unknown, i: number): CrossProblem[] {
  const [afterwards, moveTo] = [textAt(folder, 'afterwards') ?? 'keep', textAt(folder, 'moveTo')]
  if (afterwards === 'move' && moveTo === undefined)
    return [{ kind: 'missing', path: [...FOLDERS, i, 'moveTo'], expected: { what: 'path' } }]
  if (afterwards === 'move' || moveTo === undefined) return []
  return [
    {
      kind: 'conflict',
      path: [...FOLDERS, i, 'moveTo'],
      found: moveTo,
      other: `folders[${i}].afterwards: ${afterwards}`,
    },
  ]
}

/** Moved files would be taken once more, by the other folder. */
function moveOverlaps(folder: unknown, i: number, folders: readonly unknown[]): CrossProblem[] {
  const [path, moveTo] = [textAt(folder, 'path'), textAt(folder, 'moveTo')]
  if (path === undefined || moveTo === undefined) return []
  const target = placeOf(posix.isAbsolute(moveTo) ? moveTo : posix.join(path, moveTo))
  return folders.flatMap((other, at) => {
    const otherPath = textAt(other, 'path')
    if (at === i || otherPath === undefined || !target.startsWith(placeOf(otherPath))) return []
    const found = { path: [...FOLDERS, i, 'moveTo'], found: moveTo }
    return [{ kind: 'conflict', ...found, other: `folders[${at}].path: ${otherPath}` }]
  })
}

/** A file in both would be taken twice, and Ferry's own files would be taken for those of a device. */
function overlap(
  path: string | undefined,
  other: { path: string | undefined; setting: string },
  i: number,
): CrossProblem[] {
  if (path === undefined || other.path === undefined) return []
  const [one, two] = [placeOf(path), placeOf(other.path)]
  if (!one.startsWith(two) && !two.startsWith(one)) return []
  return [
    {
      kind: 'conflict',
      path: [...FOLDERS, i, 'path'],
      found: path,
      other: `${other.setting}: ${other.path}`,
    },
  ]
}

/** Relative paths have one origin, which is not known here. Windows does not distinguish case. */
function placeOf(path: string): string {
  const slashed = /^[A-Za-z]:|\\/.test(path) ? path.replaceAll('\\', '/').toLowerCase() : path
  return `${posix.normalize(slashed).replace(/\/$/, '')}/`
}
