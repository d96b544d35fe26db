import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const FOLDER = join(ROOT, 'node_modules/.cache/packages-in-one-file')
const BUILDERS = ['build/package-in-one-file.ts', 'build/one-language.ts']

/** Packages of many files that many tests import. Jest evaluates a package again in every test file. */
const PACKAGES = ['fast-check', 'iconv-lite', 'undici', 'winston', 'yaml', 'zod']

/** Maps each package to its one file, for `moduleNameMapper`. */
export function packageMap() {
  return Object.fromEntries(PACKAGES.map((name) => [`^${name}$`, fileOf(name)]))
}

/** Writes the files that do not exist yet. Two runs at a time do not disturb each other. */
export async function writePackages() {
  const missing = PACKAGES.filter((name) => !existsSync(fileOf(name)))
  if (missing.length === 0) return
  const { packageInOneFile } = await import('../../../build/package-in-one-file.ts')
  mkdirSync(FOLDER, { recursive: true })
  for (const name of missing) {
    const unfinished = `${fileOf(name)}.${process.pid}`
    writeFileSync(unfinished, await packageInOneFile(name))
    renameSync(unfinished, fileOf(name))
  }
}

/** Its name changes with the version of the package and with the code that builds it. */
function fileOf(name) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'))
  const digest = createHash('sha256')
  for (const builder of BUILDERS) digest.update(readFileSync(join(ROOT, builder)))
  return join(FOLDER, `${name}-${version}-${digest.digest('hex').slice(0, 8)}.mjs`)
}
