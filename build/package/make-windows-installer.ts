import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { write } from './staged-tree.ts'

interface WindowsInstallerOptions {
  readonly version: string
  readonly time: number
  /** A tree of {@link stageWindowsTree}. */
  readonly root: string
  /** lzma for a release; zlib is quick. */
  readonly compress: 'lzma' | 'zlib'
  /** The folder for the installer. */
  readonly to: string
}

export const hasMakensis = (): boolean => spawnSync('makensis', ['-VERSION']).status === 0

/** Makes the installer of a staged tree by NSIS (makensis), and returns its path. The same tree and time give the same bytes. */
export function makeWindowsInstaller({ version, time, root, compress, to }: WindowsInstallerOptions): string {
  mkdirSync(to, { recursive: true })
  const files = `${resolve(root)}.nsh`
  write(files, fileList(resolve(root)))
  const out = resolve(to, `ferry-agent_${version}_x64-setup.exe`)
  const defines = {
    OUT: out,
    VERSION: version,
    FILES: files,
    COMPRESS: compress === 'lzma' ? '/SOLID lzma' : 'zlib',
  }
  execFileSync(
    'makensis',
    [
      '-V2',
      '-WX',
      '-INPUTCHARSET',
      'UTF8',
      ...Object.entries(defines).map(([name, value]) => `-D${name}=${value}`),
      'installers/windows/ferry.nsi',
    ],
    { env: { ...process.env, SOURCE_DATE_EPOCH: String(time) }, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return out
}

/** NSIS commands that unpack every file. `File /r` would take them in the order of the disk. */
function fileList(folder: string, place = '$INSTDIR'): string {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => `File "${join(folder, name)}"\n`)
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => fileList(join(folder, name), `${place}\\${name}`))
  return `SetOutPath "${place}"\n${files.join('')}${folders.join('')}`
}
