import { readFileSync } from 'node:fs'
import { dirname, posix, win32 } from 'node:path'
import { Failure, systemCode } from './failure.ts'

/** The two programs, each of which can be installed alone. */
export type InstalledProgram = 'agent' | 'center'

/** The places that an installed program uses if its command line names no others. All paths are absolute. */
export interface SystemPaths {
  readonly configFile: string
  readonly dataFolder: string
  /** True if the program was installed by a package; false if it runs from a clone of the repository. */
  readonly isInstalled: boolean
}

/**
 * Installers write this file beside the runtime (`node`, `ferry.exe`). It has two lines, `config=FOLDER` and
 * `data=FOLDER`, in UTF-8 or UTF-16 with a byte order mark. It exists because %ProgramData% of a Windows service can be
 * another folder than that of the person who types a command.
 */
export const FOLDERS_FILE = 'folders.txt'

interface Machine {
  readonly platform: NodeJS.Platform
  /** The folder of the runtime. */
  readonly programFolder: string
}

const CONFIG_NAMES = { agent: 'ferry.yaml', center: 'center.yaml' } as const

const LINUX = {
  agent: { config: '/etc/ferry', data: '/var/lib/ferry' },
  center: { config: '/etc/ferry', data: '/var/lib/ferry-center' },
} as const
const WINDOWS = {
  agent: { config: 'C:\\ProgramData\\Ferry', data: 'C:\\ProgramData\\Ferry\\data' },
  center: { config: 'C:\\ProgramData\\Ferry', data: 'C:\\ProgramData\\Ferry\\center-data' },
} as const

/** Returns the places of this program on this machine. Throws CONFIG_INVALID if the installer's file is damaged. */
export function systemPaths(program: InstalledProgram, machine: Machine = thisMachine()): SystemPaths {
  const isWindows = machine.platform === 'win32'
  const paths = isWindows ? win32 : posix
  const installed = readFolders(machine)
  const { config, data } = installed ?? (isWindows ? WINDOWS : LINUX)[program]
  return {
    configFile: paths.join(config, CONFIG_NAMES[program]),
    dataFolder: data,
    isInstalled: installed !== undefined,
  }
}

const thisMachine = (): Machine => ({
  platform: process.platform,
  programFolder: dirname(process.execPath),
})

function readFolders({ platform, programFolder }: Machine): { config: string; data: string } | undefined {
  const file = `${programFolder}${platform === 'win32' ? '\\' : '/'}${FOLDERS_FILE}`
  const text = textOf(file)
  if (text === undefined) return undefined
  const paths = platform === 'win32' ? win32 : posix
  const [config, data] = ['config', 'data'].map((name) => {
    const value = new RegExp(`^${name}=(.*?)\\s*$`, 'm').exec(text)?.[1] ?? ''
    if (paths.isAbsolute(value)) return value
    const found = value === '' ? 'nothing' : JSON.stringify(value)
    throw new Failure(
      'CONFIG_INVALID',
      `${file} of the installer is damaged: found ${found} after ${name}=, expected an absolute folder; install Ferry again`,
    )
  })
  return config === undefined || data === undefined ? undefined : { config, data }
}

function textOf(file: string): string | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}
