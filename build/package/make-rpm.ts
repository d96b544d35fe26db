import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ArchiveOptions, Compression } from './archive-options.ts'
import { fillIn } from './fill-in.ts'
import { write } from './staged-tree.ts'

/** By the names of rpmbuild. Older RPMs, such as that of Kylin V10, cannot read zstd, which is for tests. */
const PAYLOADS: Readonly<Record<Compression, string>> = {
  xz: 'w6.xzdio',
  zstd: 'w3.zstdio',
  gzip: 'w3.gzdio',
}

/** Makes an RPM of a staged tree by rpmbuild (Kylin, openEuler and others), and returns its path. */
export function makeRpm(options: ArchiveOptions): string {
  const { program, architecture, version, time, root, compress, to } = options
  const work = resolve(root, '..', `${program.packageName}-${architecture.rpm}.rpmbuild`)
  rmSync(work, { recursive: true, force: true })
  mkdirSync(join(work, 'rpms'), { recursive: true })
  write(join(work, 'ferry.spec'), fillIn('installers/rpm/ferry.spec', program))
  mkdirSync(to, { recursive: true })
  const defines = {
    _topdir: work,
    _rpmdir: join(work, 'rpms'),
    _rpmfilename: '%{name}-%{version}-%{release}.%{_arch}.rpm',
    _dbpath: join(work, 'db'),
    _binary_payload: PAYLOADS[compress],
    _buildhost: 'reproducible',
    clamp_mtime_to_source_date_epoch: '1',
    use_source_date_epoch_as_buildtime: '1',
    source_date_epoch_from_changelog: '0',
    ferry_date: changelogDate(time),
    ferry_version: version.replaceAll('-', '~'),
    ferry_tree: resolve(root),
  }
  const args = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`])
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(time) }
  execFileSync(
    'rpmbuild',
    ['-bb', '--quiet', '--target', architecture.rpm, ...args, join(work, 'ferry.spec')],
    {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const name = `${program.packageName}-${version.replaceAll('-', '~')}-1.${architecture.rpm}.rpm`
  cpSync(join(work, 'rpms', name), join(to, name))
  rmSync(work, { recursive: true })
  return join(to, name)
}

/** Returns a date in the form of an RPM changelog, such as `Mon Nov 30 2026`. */
function changelogDate(time: number): string {
  const [weekday = '', day, month, year] = new Date(time * 1000).toUTCString().split(' ')
  return `${weekday.slice(0, 3)} ${month} ${day} ${year}`
}
