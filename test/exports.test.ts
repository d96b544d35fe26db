import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from '@jest/globals'

type Sources = ReadonlyMap<string, string>

const EXPORT =
  /^export (?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type) (\w+)|^export \{([^}]*)\} from/gm
/** `import { A, type B } from './file.ts'` and the same with `export`. */
const NAMED = /^(?:import|export) (?:type )?\{([^{}]*)\} from\s+'(\.[^']+)'/gm
/** `const { A } = await import('./file.ts')`; without the braces all names of the file count as used. */
const LOADED = /(?:\{([^{}]*)\} = await )?\bimport\(\s*'(\.[^']+)'/g
const WHOLE = /^import (?:type )?\* as \w+ from\s+'(\.[^']+)'/gm
/** Parts of programs that `bin/` loads from `dist/`, texts of generated files, and what jest itself loads. */
const LEFT_OUT = /^src\/console\/program\/|^build\/tables\/|^test\/support\/jest\//
const WHOLE_FILE = '*'

const namesOf = (list: string): string[] =>
  list
    .split(',')
    .map((part) => part.trim().replace(/^type /, ''))
    .flatMap((part) => /^\w+/.exec(part)?.[0] ?? [])

/** The names that are imported from each file. */
function importedNames(sources: Sources): Map<string, Set<string>> {
  const imported = new Map<string, Set<string>>()
  for (const [file, text] of sources) {
    const note = (target: string, names: readonly string[]): void => {
      const path = posix.join(posix.dirname(file), target)
      imported.set(path, new Set([...(imported.get(path) ?? []), ...names]))
    }
    for (const [, list = '', target = ''] of text.matchAll(NAMED)) note(target, namesOf(list))
    for (const [, target = ''] of text.matchAll(WHOLE)) note(target, [WHOLE_FILE])
    for (const [, list, target = ''] of text.matchAll(LOADED))
      note(target, list === undefined ? [WHOLE_FILE] : namesOf(list))
  }
  return imported
}

/** Exports that no other file imports, as `file name`. */
function idleExports(sources: Sources): string[] {
  const imported = importedNames(sources)
  return Array.from(sources).flatMap(([file, text]) => {
    const names = imported.get(file) ?? new Set<string>()
    if (names.has(WHOLE_FILE) || LEFT_OUT.test(file)) return []
    return Array.from(text.matchAll(EXPORT), ([, name, list = '']) => (name ? [name] : namesOf(list)))
      .flat()
      .filter((name) => !names.has(name))
      .map((name) => `${file} ${name}`)
  })
}

test('an export that no other file imports is found', () => {
  const sources = new Map([
    ['src/a.ts', 'export interface Used {\nexport const IDLE = 1\nexport class Loaded {'],
    ['src/b/b.ts', "import { type Used } from '../a.ts'\nconst { Loaded } = await import('../a.ts')"],
  ])
  expect(idleExports(sources)).toEqual(['src/a.ts IDLE'])
})

test('a name is exported only if another file imports it', () => {
  const files = ['src', 'test', 'bench', 'build'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => /\.[jt]s$/.test(file)),
  )
  const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
  expect(idleExports(sources)).toEqual([])
})
