import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { systemCode } from '../../platform/failure.ts'
import type { FileTrouble, Problem } from '../yaml/expected.ts'
import { childAt, type Path, type YamlValues } from '../yaml/yaml-values.ts'

/** A file that a configuration names; its name counts from the folder of the configuration. */
export interface NamedFile {
  readonly path: Path
  readonly name: string
}

/** The file that a setting names; none if it names none. */
export function namedFilesAt(values: unknown, path: Path): NamedFile[] {
  const name = path.reduce<unknown>(childAt, values)
  return typeof name === 'string' && name !== '' ? [{ path, name }] : []
}

/** Finds the named files that do not exist, are not files, or that the present user may not read. */
export function namedFileProblems(
  configFile: string,
  files: readonly NamedFile[],
  { positionOf }: Pick<YamlValues, 'positionOf'>,
): Problem[] {
  return files.flatMap(({ path, name }) => {
    const file = resolve(dirname(configFile), name)
    const trouble = troubleWith(file)
    if (trouble === undefined) return []
    return [{ kind: 'file', ...positionOf(path), setting: path.join('.'), file, trouble }]
  })
}

function troubleWith(file: string): FileTrouble | undefined {
  try {
    if (!statSync(file).isFile()) return 'noFile'
    accessSync(file, constants.R_OK)
    return undefined
  } catch (error) {
    const code = systemCode(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable'
  }
}
