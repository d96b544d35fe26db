import { appendFileSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'
import { differing, type MadePackages, makePackages } from './made-packages.ts'
import { hasTool, run } from './run-tool.ts'

const missing = ['dpkg-deb', 'zstd', 'lintian'].filter((tool) => !hasTool(tool))
const OPTIONS = ['--arch', 'amd64', '--program', 'agent', '--format', 'deb', '--compress', 'zstd'] as const

;(missing.length === 0 ? describe : describe.skip)(
  missing.length === 0
    ? 'the Debian package of the agent'
    : `the Debian package (needs ${missing.join(', ')})`,
  () => {
    let folder: ReturnType<typeof tempFolder>
    let made: MadePackages

    beforeAll(() => {
      folder = tempFolder()
      made = makePackages(folder.path, ...OPTIONS)
    }, 300_000)
    afterAll(() => folder[Symbol.dispose]())

    test('has the same bytes if it is built again, and so have its list and its checksums', () => {
      using other = tempFolder()
      expect(differing(made, makePackages(other.path, ...OPTIONS))).toEqual([])
      expect(run('sh', ['-c', `cd ${folder.path} && sha256sum --check SHA256SUMS`]).status).toBe(0)
      // Negative control: a byte that changed is found.
      appendFileSync(other.join('SHA256SUMS'), ' ')
      expect(differing(made, { ...made, folder: other.path })).toEqual(['SHA256SUMS'])
    }, 300_000)

    test('contains what it needs, owned by root, and nothing that others may write', () => {
      const lines = run('dpkg-deb', ['--contents', made.named('.deb')])
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

    test('has a command that has the C library give freed memory back', () => {
      const toOutput = `dpkg-deb --fsys-tarfile ${made.named('.deb')} | tar -xO ./usr/bin/ferry`
      const { stdout } = run('sh', ['-c', toOutput])
      expect(stdout).toMatch(
        /^#!\/bin\/sh\nexport MALLOC_ARENA_MAX=1\nexport MALLOC_TRIM_THRESHOLD_=131072\nexec /,
      )
    })

    test('needs the C library that its Node needs, and no newer one', () => {
      const names = run('grep', ['-aoE', 'GLIBC_[0-9.]+', process.execPath])
        .stdout.split('\n')
        .filter(Boolean)
      const minors = names.map((name) => Number(/^GLIBC_2\.(\d+)/.exec(name)?.[1]))
      const depends = run('dpkg-deb', ['--field', made.named('.deb'), 'Depends']).stdout
      expect(depends).toContain(`libc6 (>= 2.${Math.max(...minors)})`)
    }, 60_000)

    test('lists every work that it contains, with its licence', () => {
      const { components } = JSON.parse(readFileSync(made.named('.cdx.json'), 'utf8'))
      const copyright = run('sh', [
        '-c',
        `dpkg-deb --fsys-tarfile ${made.named('.deb')} | tar -xO ./usr/share/doc/ferry-agent/copyright`,
      ]).stdout
      expect(components.length).toBeGreaterThan(20)
      for (const { name, version, licenses } of components) {
        expect(copyright).toContain(`Comment: ${name} ${version}`)
        expect(licenses).toHaveLength(1)
      }
    })

    test('passes lintian without an error or a warning', () => {
      // Debian 12's lintian does not know zstd, which is for tests only.
      const found = run('lintian', ['--fail-on', 'error,warning', made.named('.deb')], { LC_ALL: 'C' })
      expect(
        found.stdout.split('\n').filter((line) => line !== '' && !line.includes('malformed-deb-archive')),
      ).toEqual([])
    }, 120_000)
  },
)
