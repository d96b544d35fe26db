import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { tempFolder } from '../support/temp-folder.ts'

const isLong = process.env['FERRY_PACKAGES'] === 'long'
const has = (tool: string): boolean => spawnSync('which', [tool]).status === 0
const missing = ['dpkg-deb', 'zstd', 'lintian'].filter((tool) => !has(tool))

function run(command: string, args: readonly string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, NODE_OPTIONS: '', ...environment }
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 })
  return { stdout, stderr, status }
}

/** Makes packages of the compiled program and returns the paths by their ends. */
function make(to: string, ...args: string[]): (end: string) => string {
  const script = ['--disable-warning=ExperimentalWarning', 'build/package/make-packages.ts']
  const { status, stderr } = run(process.execPath, [...script, '--to', to, ...args])
  expect([stderr, status]).toEqual(['', 0])
  return (end) => resolve(to, globSync(`*${end}`, { cwd: to })[0] ?? `no ${end}`)
}

const AGENT = ['--arch', 'amd64', '--program', 'agent']

;(missing.length === 0 ? describe : describe.skip)(
  missing.length === 0
    ? 'the Debian package of the agent'
    : `the Debian package (needs ${missing.join(', ')})`,
  () => {
    let folders: ReturnType<typeof tempFolder>[]
    let made: (end: string) => string
    let again: (end: string) => string

    beforeAll(() => {
      folders = [tempFolder(), tempFolder()]
      const [first, second] = folders.map(({ path }) =>
        make(path, ...AGENT, '--format', 'deb', '--compress', 'zstd'),
      )
      if (first === undefined || second === undefined) throw new Error('two builds are expected')
      ;[made, again] = [first, second]
    }, 300_000)
    afterAll(() => {
      for (const folder of folders) folder[Symbol.dispose]()
    })

    test('has the same bytes if it is built again, and so have its list and its checksums', () => {
      for (const end of ['.deb', '.cdx.json', 'SHA256SUMS'])
        expect(readFileSync(made(end)).equals(readFileSync(again(end)))).toBe(true)
      expect(run('sh', ['-c', `cd ${dirname(made('.deb'))} && sha256sum --check SHA256SUMS`]).status).toBe(0)
    }, 60_000)

    test('contains what it needs, owned by root, and nothing that others may write', () => {
      const lines = run('dpkg-deb', ['--contents', made('.deb')])
        .stdout.split('\n')
        .filter(Boolean)
      const files = lines.map((line) => {
        const [mode = '', owner = '', , , , name = ''] = line.split(/\s+/)
        return { mode, owner, name }
      })
      expect(new Set(files.map(({ owner }) => owner))).toEqual(new Set(['root/root']))
      expect(files.filter(({ mode }) => !/^(?:drwxr-xr-x|-rwxr-xr-x|-rw-r--r--)$/.test(mode))).toEqual([])
      const names = files.map(({ name }) => name)
      expect(names).toEqual(names.toSorted())
      const executable = files.filter(({ mode }) => mode === '-rwxr-xr-x').map(({ name }) => name)
      expect(executable).toEqual(['./usr/bin/ferry', './usr/lib/ferry-agent/node'])
      expect(names).toEqual(
        expect.arrayContaining([
          './etc/ferry/',
          './usr/lib/ferry-agent/app/chunks/dcmjs-native-codecs.wasm',
          './usr/lib/ferry-agent/app/chunks/linux-x64.node',
          './usr/lib/ferry-agent/app/config/ferry.example.yaml',
          './usr/lib/ferry-agent/app/dist/agent/queue/recovery/read-ahead-thread.js',
          './usr/lib/ferry-agent/app/dist/platform/database-thread.js',
          './usr/lib/ferry-agent/folders.txt',
          './usr/lib/systemd/system/ferry.service',
          './usr/share/bash-completion/completions/ferry',
          './usr/share/doc/ferry-agent/copyright',
          './usr/share/man/man1/ferry.1.gz',
          './usr/share/man/zh_CN/man1/ferry.1.gz',
        ]),
      )
      expect(names.filter((name) => name.endsWith('.node'))).toHaveLength(1)
    })

    test('lists every work that it contains, with its licence', () => {
      const { components } = JSON.parse(readFileSync(made('.cdx.json'), 'utf8'))
      const copyright = run('sh', [
        '-c',
        `dpkg-deb --fsys-tarfile ${made('.deb')} | tar -xO ./usr/share/doc/ferry-agent/copyright`,
      ]).stdout
      expect(components.length).toBeGreaterThan(20)
      for (const { name, version, licenses } of components) {
        expect(copyright).toContain(`Comment: ${name} ${version}`)
        expect(licenses).toHaveLength(1)
      }
    })

    test('passes lintian without an error or a warning', () => {
      // Debian 12's lintian does not know zstd, which is for tests only.
      const found = run('lintian', ['--fail-on', 'error,warning', made('.deb')], { LC_ALL: 'C' })
      expect(
        found.stdout.split('\n').filter((line) => line !== '' && !line.includes('malformed-deb-archive')),
      ).toEqual([])
    }, 120_000)
  },
)

const ROOTS = resolve('packages/.cache/roots')

/** A file system of a distribution, made once by mmdebstrap; `npm ci` does not remove it. */
function rootOf(suite: string): string {
  const tar = resolve(ROOTS, `${suite}-amd64.tar`)
  if (existsSync(tar)) return tar
  const { status, stderr } = run('sh', [
    '-c',
    `mkdir -p ${ROOTS} && mmdebstrap --variant=minbase --include=adduser,libstdc++6 ${suite} ${tar}.new && mv ${tar}.new ${tar}`,
  ])
  expect([status, stderr]).toEqual([0, expect.anything()])
  return tar
}

const isRoot = process.getuid?.() === 0
const canRoot = isLong && isRoot && ['mmdebstrap', 'rpmbuild', 'rpm'].every(has)

;(canRoot ? describe : describe.skip)(
  canRoot
    ? 'the packages for a release'
    : 'the packages for a release (FERRY_PACKAGES=long, root, mmdebstrap, rpm)',
  () => {
    let folder: ReturnType<typeof tempFolder>
    let made: (end: string) => string
    beforeAll(() => {
      folder = tempFolder()
      made = make(folder.path, '--arch', 'amd64')
    }, 900_000)
    afterAll(() => folder[Symbol.dispose]())

    test('are at most 45 MB', () => {
      for (const end of ['agent_*.deb', 'center_*.deb'])
        expect(statSync(made(end)).size).toBeLessThan(45_000_000)
    })

    test.each(['bookworm', 'trixie'])(
      'are installed, upgraded, removed and purged in a root of %s, and purge asks',
      (suite) => {
        using root = tempFolder()
        expect(run('tar', ['-xf', rootOf(suite), '-C', root.path]).status).toBe(0)
        for (const name of globSync('*.deb', { cwd: folder.path }))
          expect(run('cp', [resolve(folder.path, name), root.join('root')]).status).toBe(0)
        expect(run('cp', ['test/installers/in-debian-root.sh', root.join('root')]).status).toBe(0)
        const inside = [
          'unshare',
          '-m',
          '-p',
          '-f',
          'chroot',
          root.path,
          'sh',
          '-e',
          '/root/in-debian-root.sh',
        ]
        const { status, stdout, stderr } = run('env', ['-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...inside])
        expect([status, stdout.split('\n').at(-2), stderr]).toEqual([0, 'all is well', expect.anything()])
      },
      600_000,
    )

    test('the RPM is installed, upgraded and erased in a root, and keeps the configuration', () => {
      using root = tempFolder()
      expect(run('tar', ['-xf', rootOf('bookworm'), '-C', root.path]).status).toBe(0)
      const file = made('agent-*.rpm')
      const step = (...args: string[]) => run('rpm', ['--root', root.path, '--nodeps', ...args]).status
      const inside = (script: string) =>
        run('chroot', [root.path, 'sh', '-ec', script], { FERRY_LANG: 'en' }).status
      expect(step('-i', file)).toBe(0)
      expect(inside('ferry init --device CT1; ferry config check')).toBe(0)
      expect(inside('test "$(stat -c %U /etc/ferry/ferry.yaml)" = ferry')).toBe(0)
      expect([step('-U', '--force', file), step('-e', 'ferry-agent')]).toEqual([0, 0])
      expect([
        existsSync(root.join('usr/lib/ferry-agent')),
        existsSync(root.join('etc/ferry/ferry.yaml')),
      ]).toEqual([false, true])
    }, 600_000)

    test('the archive is installed, installed over itself and removed, and keeps the configuration', () => {
      using root = tempFolder()
      expect(run('tar', ['-xf', rootOf('bookworm'), '-C', root.path]).status).toBe(0)
      expect(run('tar', ['-xzf', made('agent-*.tar.gz'), '-C', root.join('root')]).status).toBe(0)
      const script =
        'cd /root/ferry-agent-*; sh install.sh; ferry init; sh install.sh; sh install.sh --remove'
      expect(run('chroot', [root.path, 'sh', '-ec', script], { FERRY_LANG: 'en' }).status).toBe(0)
      expect([existsSync(root.join('usr/bin/ferry')), existsSync(root.join('etc/ferry/ferry.yaml'))]).toEqual(
        [false, true],
      )
    }, 600_000)
  },
)
