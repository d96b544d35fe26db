import { cpSync, statSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { keptPackages } from './made-packages.ts'
import { onDemand } from './on-demand.ts'
import { inRoot, systemRoot } from './system-root.ts'

/** Building takes one minute on a free processor, and fetching one more; other tests share the machine. */
const BUILD_MS = 900_000

onDemand('the Debian packages in a root of a distribution', ['debootstrap', 'zstd'], () => {
  test.each(['bookworm', 'trixie'] as const)(
    'are installed, upgraded, removed and purged in %s, and purge asks',
    (suite) => {
      const made = keptPackages('--arch', 'amd64', '--format', 'deb', '--compress', 'zstd')
      using root = systemRoot(suite)
      for (const file of [made.named('agent_*.deb'), made.named('center_*.deb')])
        cpSync(file, root.join('root', file.split('/').at(-1) ?? ''))
      cpSync('test/installers/packages/in-debian-root.sh', root.join('root/in-debian-root.sh'))
      const printed = inRoot(root.path, '. /root/in-debian-root.sh')
      expect(printed.split('\n').at(-2)).toBe('all is well')
    },
    BUILD_MS,
  )
})

onDemand('the Debian packages of a release, compressed by xz', [], () => {
  test.each(['agent', 'center'])(
    'ferry-%s has at most 45 MB',
    (program) => {
      const made = keptPackages('--arch', 'amd64', '--program', program, '--format', 'deb')
      const { size } = statSync(made.named('.deb'))
      process.stdout.write(`ferry-${program}, deb, amd64: ${(size / 1e6).toFixed(1)} MB\n`)
      expect(size).toBeLessThan(45_000_000)
    },
    BUILD_MS,
  )
})
