import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'
import { differing, keptPackages, makePackages } from './made-packages.ts'
import { onDemand } from './on-demand.ts'
import { run, succeeds } from './run-tool.ts'
import { inRoot, systemRoot } from './system-root.ts'

const BUILD_MS = 600_000
const OPTIONS = ['--arch', 'amd64', '--format', 'rpm', '--compress', 'zstd'] as const

onDemand('the RPMs', ['rpmbuild', 'rpm', 'zstd', 'debootstrap'], () => {
  test(
    'have the same bytes if they are built again, and so have their lists',
    () => {
      using folder = tempFolder()
      const again = makePackages(folder.path, ...OPTIONS)
      expect(differing(again, keptPackages(...OPTIONS))).toEqual([])
    },
    BUILD_MS,
  )

  test.each(['agent', 'center'])(
    'ferry-%s needs the C library, tools for users, and no more',
    (name) => {
      const file = keptPackages(...OPTIONS).named(`${name}-*.rpm`)
      const needed = succeeds('rpm', ['-qp', '--requires', file]).split('\n').filter(Boolean)
      expect(new Set(needed.filter((line) => !line.startsWith('rpmlib(')))).toEqual(
        new Set(['/bin/sh', 'glibc >= 2.28', 'libstdc++', 'shadow-utils']),
      )
    },
    BUILD_MS,
  )

  test(
    'is installed, upgraded and erased in a root, and keeps the configuration',
    () => {
      using root = systemRoot('bookworm')
      const file = keptPackages(...OPTIONS).named('agent-*.rpm')
      const step = (...args: string[]) => succeeds('rpm', ['--root', root.path, '--nodeps', ...args])
      step('-i', file)
      inRoot(root.path, 'ferry init --device CT1; ferry config check')
      inRoot(root.path, 'test "$(stat -c %U /etc/ferry/ferry.yaml)" = ferry')
      step('-U', '--force', file)
      inRoot(root.path, 'ferry config check')
      step('-e', 'ferry-agent')
      expect([
        existsSync(root.join('usr/lib/ferry-agent')),
        existsSync(root.join('etc/ferry/ferry.yaml')),
      ]).toEqual([false, true])
    },
    BUILD_MS,
  )
})

onDemand('rpmlint', ['rpmbuild', 'rpmlint', 'zstd'], () => {
  test.each(['agent', 'center'])(
    'finds no error in ferry-%s that is not wanted',
    (name) => {
      const file = keptPackages(...OPTIONS).named(`${name}-*.rpm`)
      const errorsBy = (...options: string[]) => {
        const { stdout } = run('rpmlint', [...options, file], { LC_ALL: 'C' })
        expect(stdout).toContain('1 packages and 0 specfiles checked')
        return stdout.split('\n').filter((line) => line.includes(': E: '))
      }
      expect(errorsBy('--config', 'installers/rpm/rpmlint.toml')).toEqual([])
      // Negative control: without the list of wanted errors, it names them.
      expect(errorsBy().map((line) => line.split(' ')[2])).toEqual([
        'no-signature',
        'explicit-lib-dependency',
      ])
    },
    BUILD_MS,
  )
})
