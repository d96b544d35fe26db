import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from './read-json.ts'

/** An entry of package-lock.json; `integrity` is `sha512-` and base64, as npm writes it. */
interface LockedPackage {
  readonly version: string
  readonly integrity: string
}

const lockShape = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
})

/** Returns an entry of package-lock.json; throws if it has none. */
function lockedPackage(name: string): LockedPackage {
  const { version, integrity } =
    readJson('package-lock.json', lockShape).packages[`node_modules/${name}`] ?? {}
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json has no ${name}`)
  return { version, integrity }
}

/** Returns the folder of an npm package with Node (`bin/node`) for a platform such as `linux-arm64`. */
export const nodeRuntime = (platform: string, cache: string): string =>
  lockedFolder(`node-${platform}`, cache)

/**
 * Returns the folder of an npm package of any platform. The one that `npm ci` has installed is used; another is fetched
 * once, and its SHA-512 must be that of package-lock.json.
 */
export function lockedFolder(name: string, cache: string): string {
  const installed = join('node_modules', name)
  if (existsSync(join(installed, 'package.json'))) return installed
  const { version, integrity } = lockedPackage(name)
  const file = `${name.replaceAll('@', '').replaceAll('/', '-')}-${version}`
  const kept = join(cache, file)
  if (existsSync(kept)) return kept
  mkdirSync(cache, { recursive: true })
  const tarball = join(cache, `${file}.tgz`)
  if (!existsSync(tarball))
    execFileSync('npm', ['pack', '--silent', `${name}@${version}`, '--pack-destination', cache])
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  if (found !== integrity)
    throw new Error(
      `${tarball} has ${found}, and package-lock.json expects ${integrity}; delete the file and try again`,
    )
  const unpacked = `${kept}.new`
  rmSync(unpacked, { recursive: true, force: true })
  mkdirSync(unpacked)
  execFileSync('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'])
  renameSync(unpacked, kept)
  rmSync(tarball)
  return kept
}
