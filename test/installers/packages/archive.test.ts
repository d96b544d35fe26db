import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'
import { differing, keptPackages, makePackages } from './made-packages.ts'
import { onDemand } from './on-demand.ts'
import { succeeds } from './run-tool.ts'
import { inRoot, systemRoot } from './system-root.ts'

const BUILD_MS = 600_000
const OPTIONS = ['--arch', 'amd64', '--program', 'agent', '--format', 'tar', '--compress', 'zstd'] as const

onDemand('the archive for other distributions', ['debootstrap'], () => {
  test(
    'has the same bytes if it is built again',
    () => {
      using folder = tempFolder()
      expect(differing(makePackages(folder.path, ...OPTIONS), keptPackages(...OPTIONS))).toEqual([])
    },
    BUILD_MS,
  )

  test(
    'is installed, installed over itself and removed, and keeps the configuration',
    () => {
      using root = systemRoot('bookworm')
      succeeds('tar', ['-xzf', keptPackages(...OPTIONS).named('agent-*.tar.gz'), '-C', root.join('root')])
      inRoot(
        root.path,
        'cd /root/ferry-agent-*; sh install.sh; ferry init; sh install.sh; ferry config check',
      )
      expect(existsSync(root.join('usr/bin/ferry'))).toBe(true)
      inRoot(root.path, 'cd /root/ferry-agent-*; sh install.sh --remove')
      expect([existsSync(root.join('usr/bin/ferry')), existsSync(root.join('etc/ferry/ferry.yaml'))]).toEqual(
        [false, true],
      )
    },
    BUILD_MS,
  )
})
