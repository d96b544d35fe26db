import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Architecture } from './architecture.ts'
import { fillIn } from './fill-in.ts'
import type { PackagedProgram } from './programs.ts'
import { write } from './staged-tree.ts'

export type Compression = 'xz' | 'zstd' | 'gzip'

/** A staged tree, and the package to make of it. */
export interface ArchiveOptions {
  readonly program: PackagedProgram
  readonly architecture: Architecture
  readonly version: string
  readonly time: number
  /** A staged tree; Debian's own files are added to it. */
  readonly root: string
  /** xz for a release. Archives are always compressed by gzip, which every system has. */
  readonly compress: Compression
  /** The folder for the package. */
  readonly to: string
}

/** Makes an archive of a staged tree with a script that installs and removes it, and returns its path. */
export function makeTar({
  program,
  architecture,
  version,
  time,
  root,
  compress,
  to,
}: ArchiveOptions): string {
  const name = `${program.packageName}-${version}-linux-${architecture.npm}`
  const script = join(root, '..', `${name}.install`)
  write(script, fillIn('installers/tar/install.sh', program), 0o755)
  mkdirSync(to, { recursive: true })
  const bytes = execFileSync(
    'tar',
    [
      '--create',
      '--format=gnu',
      '--sort=name',
      `--mtime=@${time}`,
      '--owner=root:0',
      '--group=root:0',
      '--exclude=./DEBIAN',
      '--exclude=./usr/share/lintian',
      '--exclude=changelog.Debian.gz',
      `--transform=s,^\\.,${name}/files,`,
      `--transform=s,^${name}\\.install$,${name}/install.sh,`,
      '--directory',
      resolve(root),
      '.',
      '--directory',
      resolve(root, '..'),
      `${name}.install`,
    ],
    { maxBuffer: 2 ** 30 },
  )
  rmSync(script)
  const file = join(to, `${name}.tar.gz`)
  write(file, gzipSync(bytes, { level: compress === 'xz' ? 9 : 1 }))
  return file
}
