import { join } from 'node:path'
import { makeWindowsInstaller } from './make-windows-installer.ts'
import { PROGRAMS } from './programs.ts'
import { sbom } from './sbom.ts'
import { write } from './staged-tree.ts'
import { stageWindowsTree } from './windows-tree.ts'

interface WindowsPackageOptions {
  readonly version: string
  /** Seconds since 1970. */
  readonly time: number
  readonly compress: 'lzma' | 'zlib'
  /** The folder of the results. */
  readonly to: string
  /** Another node.exe than that of package-lock.json, for tests under wine. */
  readonly runtime?: string | undefined
}

/** Makes the installer of the agent for Windows x64 and the list of its parts. Returns both paths. */
export async function packageForWindows(options: WindowsPackageOptions): Promise<readonly string[]> {
  const { version, time, compress, to, runtime } = options
  const agent = PROGRAMS.find(({ program }) => program === 'agent')
  if (agent === undefined) throw new Error('the list of programs has no agent')
  const root = join(to, '.staged', 'windows')
  const works = await stageWindowsTree({ version, time, root, runtime, cache: join('packages', '.cache') })
  const installer = makeWindowsInstaller({ version, time, root, compress, to })
  const list = join(to, `ferry-agent_${version}_x64-setup.cdx.json`)
  write(list, sbom(agent, works, { version, time, type: 'generic' }))
  return [installer, list]
}
