import { readFileSync } from 'node:fs'
import type { PackagedProgram } from './programs.ts'

/** Reads a script of `installers/` and replaces each `@name@` by this value of the program. Throws for an unknown name. */
export function fillIn(file: string, program: PackagedProgram): string {
  const values = new Map(Object.entries(program).filter(([, value]) => typeof value === 'string'))
  return readFileSync(file, 'utf8').replaceAll(/@([a-zA-Z]+)@/g, (_, name: string) => {
    const value: unknown = values.get(name)
    if (typeof value === 'string') return value
    throw new Error(`${file} asks for @${name}@, which build/package/programs.ts does not have`)
  })
}
