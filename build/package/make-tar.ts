import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ArchiveOptions } from './archive-options.ts'
import { fillIn } from './fill-in.ts'
import { write } from './staged-tree.ts'

/** Makes an archive of a staged tree with a script that installs and removes it, and returns its path. */
export function makeTar(options: ArchiveOptions): string {
  const { program, architecture, version, time, root, compress, to } = options
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
