import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The dependencies of the packages, and tools to look inside. */
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'adduser', 'libstdc++6', 'iproute2']
const RELEASE = 'bookworm'
const CACHE = join(import.meta.dirname, '../../../packages/.cache/roots')

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

/** The reason why no container can be booted here; undefined if one can. */
export function whyNoContainer(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = ['systemd-nspawn', 'debootstrap', 'nsenter', 'ip'].filter((program) => !has(program))
  if (missing.length > 0) return `${missing.join(' and ')} not here`
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', 'true'])
  return status === 0 ? undefined : 'this machine allows no namespaces'
}

/** Makes a minimal Debian once, and keeps it where `npm ci` does not delete it. Returns its folder. */
export function debianRoot(): string {
  const root = join(CACHE, `${RELEASE}-booted`)
  if (existsSync(root)) return root
  const draft = `${root}.${process.pid}.new`
  mkdirSync(dirname(draft), { recursive: true })
  rmSync(draft, { recursive: true, force: true })
  execFileSync('debootstrap', ['--variant=minbase', `--include=${PACKAGES.join()}`, RELEASE, draft], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  rmSync(join(draft, 'var/cache/apt/archives'), { recursive: true, force: true })
  try {
    renameSync(draft, root)
  } catch (error) {
    // Another test file has made it meanwhile.
    if (!existsSync(root)) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return root
}

/** Copies a root for one test, whose card in the container has the address. */
export function copyRoot(root: string, to: string, address: string): void {
  execFileSync('cp', ['--archive', '--reflink=auto', root, to])
  const etc = join(to, 'etc/systemd')
  mkdirSync(join(etc, 'network'), { recursive: true })
  writeFileSync(
    join(etc, 'network/10-test.network'),
    `[Match]\nName=host0\n[Network]\nAddress=${address}/30\n`,
    { mode: 0o644 },
  )
  const wants = join(etc, 'system/multi-user.target.wants')
  mkdirSync(wants, { recursive: true })
  symlinkSync('/lib/systemd/system/systemd-networkd.service', join(wants, 'systemd-networkd.service'))
}
