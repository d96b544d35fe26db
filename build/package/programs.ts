import type { InstalledProgram } from '../../src/platform/system-paths.ts'

/** One of the two packages, and the names under which its parts are installed. */
export interface PackagedProgram {
  readonly program: InstalledProgram
  /** The name of the package, and of its folder under /usr/lib and /usr/share/doc. */
  readonly packageName: string
  readonly command: string
  /** The user and group of the service. */
  readonly user: string
  readonly unit: string
  readonly dataFolder: string
  readonly configFile: string
  /** Instances or keys that a purge would delete, in words. */
  readonly kept: string
  /** Prints how many of them there are, 0 for none, on a machine where the package is installed. */
  readonly countCommand: string
  /** First line of the description. */
  readonly summary: string
  /** Further lines of the description. */
  readonly description: readonly string[]
  /** Compiled files that are started on their own: the program, and its threads. */
  readonly entries: readonly string[]
  /** Variables that the command of the package sets. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Has glibc use one heap for all threads, and give its free end back to the system (mallopt(3)). By itself it uses a heap for
 * each of several threads and keeps up to 64 MB at the end (docs/decisions/0036).
 */
const GLIBC_GIVES_BACK = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }

export const AGENT: PackagedProgram = {
  program: 'agent',
  packageName: 'ferry-agent',
  command: 'ferry',
  user: 'ferry',
  unit: 'ferry.service',
  dataFolder: '/var/lib/ferry',
  configFile: '/etc/ferry/ferry.yaml',
  kept: 'images that the center has not confirmed',
  countCommand:
    '/usr/lib/ferry-agent/node /usr/lib/ferry-agent/app/dist/console/program/count-unconfirmed.js',
  summary: 'uploads medical images from a clinic to its imaging center',
  description: [
    'The Ferry agent takes in images from the devices of a clinic by DICOM C-STORE,',
    'seals them on arrival, keeps them in a durable queue, and sends them to the',
    'imaging center until it has a signed receipt for each of them.',
  ],
  entries: [
    'dist/console/program/ferry.js',
    'dist/console/program/count-unconfirmed.js',
    'dist/platform/database-thread.js',
    'dist/agent/queue/recovery/read-ahead-thread.js',
  ],
  environment: GLIBC_GIVES_BACK,
}

const CENTER: PackagedProgram = {
  program: 'center',
  packageName: 'ferry-center',
  command: 'ferry-center',
  user: 'ferry-center',
  unit: 'ferry-center.service',
  dataFolder: '/var/lib/ferry-center',
  configFile: '/etc/ferry/center.yaml',
  kept: 'the keys of the center, and the images of its clinics',
  countCommand: 'echo unknown',
  summary: 'receives medical images from the Ferry agents of clinics',
  description: [
    'The Ferry center takes in what the agents of clinics send, checks and stores',
    'every instance, signs receipts, and hands the instances on to a PACS.',
  ],
  entries: ['dist/console/program/ferry-center.js', 'dist/platform/database-thread.js'],
  environment: {},
}

export const PROGRAMS: readonly PackagedProgram[] = [AGENT, CENTER]
