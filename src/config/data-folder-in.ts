import { dirname, resolve } from 'node:path'
import { readText } from './yaml/read-text.ts'
import { childAt, parseYaml } from './yaml/yaml-values.ts'

/**
 * Returns the data folder that a configuration file names, as an absolute path, even if the file has other mistakes;
 * undefined if it names none. Throws CONFIG_INVALID if the file cannot be read.
 */
export function dataFolderIn(file: string): string | undefined {
  const named = childAt(parseYaml(readText(file).text).values, 'dataFolder')
  return typeof named === 'string' ? resolve(dirname(file), named) : undefined
}
