import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { resolve } from 'node:path'
import { tempFolder } from '../../support/temp-folder.ts'
import { succeeds } from './run-tool.ts'

const ROOTS = resolve('packages/.cache/roots')

type Suite = 'bookworm' | 'trixie'

/** Unpacks a minimal Debian. debootstrap fetches it once; it is kept in packages/.cache. */
export function systemRoot(suite: Suite): ReturnType<typeof tempFolder> {
  return unpacked(suite, (tar) => {
    using folder = tempFolder()
    succeeds('debootstrap', ['--variant=minbase', '--include=adduser,libstdc++6', suite, folder.path])
    succeeds('tar', [
      '-cf',
      tar,
      '--one-file-system',
      '--exclude=./var/cache/apt/archives',
      '-C',
      folder.path,
      '.',
    ])
  })
}

/** Unpacks the libraries of Debian for arm64 that Node needs. No program of it runs; mmdebstrap fetches them once. */
export function arm64Libraries(): ReturnType<typeof tempFolder> {
  return unpacked('bookworm-arm64', (tar) => {
    const libraries = '--include=libc6,libstdc++6,libgcc-s1'
    const options = ['--format=tar', '--variant=extract', '--architectures=arm64', libraries]
    succeeds('mmdebstrap', [...options, 'bookworm', tar])
  })
}

function unpacked(name: string, make: (tar: string) => void): ReturnType<typeof tempFolder> {
  const tar = resolve(ROOTS, `${name}.tar`)
  if (!existsSync(tar)) {
    mkdirSync(ROOTS, { recursive: true })
    make(`${tar}.new`)
    renameSync(`${tar}.new`, tar)
  }
  const root = tempFolder()
  succeeds('tar', ['-xf', tar, '-C', root.path])
  // The root of a system is open to its users; the archive has the mode of a private folder.
  chmodSync(root.path, 0o755)
  return root
}

/** Runs a script of a shell in a root, with the environment of a machine that knows nothing of this one. */
export function inRoot(root: string, script: string): string {
  const clean = ['-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'FERRY_LANG=en']
  return succeeds('env', [...clean, 'unshare', '-m', '-p', '-f', 'chroot', root, 'sh', '-ec', script])
}
