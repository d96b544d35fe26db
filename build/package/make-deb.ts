import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ArchiveOptions } from './archive-options.ts'
import { fillIn } from './fill-in.ts'
import { settle, write, writeGzip } from './staged-tree.ts'

const MAINTAINER = 'Ferry maintainers <maintainers@ferry.invalid>'
const SCRIPTS = ['postinst', 'prerm', 'postrm'] as const

/** Makes a Debian package of a staged tree by dpkg-deb, and returns its path. The scripts are in installers/deb. */
export function makeDeb(options: ArchiveOptions): string {
  const { program, architecture, version, time, root, compress, to } = options
  const { packageName } = program
  const debVersion = `${version}-1`
  writeGzip(
    join(root, 'usr/share/doc', packageName, 'changelog.Debian.gz'),
    changelog(packageName, debVersion, time),
  )
  write(
    join(root, 'usr/share/lintian/overrides', packageName),
    readFileSync('installers/deb/lintian-overrides', 'utf8')
      .replaceAll('@PACKAGE@', packageName)
      .replaceAll('@NPM_ARCH@', architecture.npm),
  )
  settle(root, time)
  const installed = filesIn(root)
  const control = join(root, 'DEBIAN')
  write(join(control, 'md5sums'), installed.map((file) => `${md5(join(root, file))}  ${file}\n`).join(''))
  const bytes = installed.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)
  write(
    join(control, 'control'),
    [
      `Package: ${packageName}`,
      `Version: ${debVersion}`,
      `Architecture: ${architecture.deb}`,
      `Maintainer: ${MAINTAINER}`,
      `Installed-Size: ${Math.ceil(bytes / 1024)}`,
      'Depends: adduser, libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 8)',
      'Section: net',
      'Priority: optional',
      `Description: ${program.summary}`,
      ...program.description.map((line) => ` ${line}`),
      '',
    ].join('\n'),
  )
  for (const name of SCRIPTS) {
    const text = fillIn(`installers/deb/${name}`, program)
    write(join(control, name), text, 0o755)
  }
  settle(control, time)
  mkdirSync(to, { recursive: true })
  const file = join(to, `${packageName}_${debVersion}_${architecture.deb}.deb`)
  // zstd is for tests, and its default is as slow as xz.
  const level = compress === 'xz' ? [] : ['-z3']
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compress}`, ...level, '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(time) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return file
}

function filesIn(root: string): string[] {
  return globSync('**/*', { cwd: root })
    .filter((file) => !file.startsWith('DEBIAN') && statSync(join(root, file)).isFile())
    .toSorted()
}

const md5 = (file: string): string => createHash('md5').update(readFileSync(file)).digest('hex')

function changelog(packageName: string, version: string, time: number): string {
  const date = new Date(time * 1000).toUTCString().replace('GMT', '+0000')
  return `${packageName} (${version}) stable; urgency=medium\n\n  * See /usr/share/doc/${packageName}/changelog.gz.\n\n -- ${MAINTAINER}  ${date}\n`
}
