import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildTime } from '../../../build/package/build-time.ts'
import { succeeds } from './run-tool.ts'

/** Packages in a folder; `named` returns the path of the only one that ends like this. */
export interface MadePackages {
  readonly folder: string
  named(end: string): string
}

/** The folder that keeps packages from one test file to the next, and from one run to the next. */
const KEPT = resolve('packages/.cache/tested')

/** Makes packages of the compiled program in `dist`, as `npm run package -- ARGS` does. */
export function makePackages(folder: string, ...args: string[]): MadePackages {
  const script = ['--disable-warning=ExperimentalWarning', 'build/package/make-packages.ts']
  succeeds(process.execPath, [...script, '--to', folder, ...args])
  return packagesIn(folder)
}

/** Returns packages that were made of the same sources before, or makes them. A file of tests can rely on those of another. */
export function keptPackages(...args: string[]): MadePackages {
  const name = `${args.join('').replaceAll('--', '-').slice(1)}-${digestOfSources()}`
  if (!existsSync(join(KEPT, name))) {
    mkdirSync(KEPT, { recursive: true })
    const making = join(KEPT, `${name}.${process.pid}`)
    makePackages(making, ...args)
    rmSync(join(making, '.staged'), { recursive: true })
    renameSync(making, join(KEPT, name))
    for (const older of globSync(`${name.slice(0, -DIGEST_LENGTH)}${'?'.repeat(DIGEST_LENGTH)}`, {
      cwd: KEPT,
    }))
      if (older !== name) rmSync(join(KEPT, older), { recursive: true })
  }
  return packagesIn(join(KEPT, name))
}

const DIGEST_LENGTH = 16

/** Everything that the bytes of a package depend on. */
function digestOfSources(): string {
  const hash = createHash('sha256').update(String(buildTime()))
  const patterns = [
    'dist/**/*.{js,sql,html}',
    '{installers,build,config}/**/*',
    '{NOTICE,*.md,package*.json}',
  ]
  for (const file of globSync(patterns).toSorted())
    if (statSync(file).isFile()) hash.update(`${file}\0`).update(readFileSync(file))
  return hash.digest('hex').slice(0, DIGEST_LENGTH)
}

const packagesIn = (folder: string): MadePackages => ({
  folder,
  named(end) {
    const [name, ...others] = globSync(`*${end}`, { cwd: folder })
    if (name === undefined || others.length > 0)
      throw new Error(
        `${folder} has ${others.length + Number(name !== undefined)} files named *${end}, expected one`,
      )
    return join(folder, name)
  },
})

/** Returns the names of the files whose bytes differ between two builds; those of `.staged` do not count. */
export function differing(first: MadePackages, second: MadePackages): string[] {
  const files = globSync('*', { cwd: first.folder })
  return files.filter(
    (file) => !readFileSync(join(first.folder, file)).equals(readFileSync(join(second.folder, file))),
  )
}
