import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { filePattern, namesPattern } from './setting/folder-setting.ts'
import { ruleName } from './setting/rule-setting.ts'
import * as setting from './setting/setting.ts'

/** The words of src/agent/arrival/wrap/anatomic-region.ts; a test compares both lists. */
export const REGIONS = [
  'abdomen',
  'anus',
  'bladder',
  'breast',
  'bronchus',
  'cervix',
  'colon',
  'duodenum',
  'ear',
  'esophagus',
  'eye',
  'hand',
  'knee',
  'larynx',
  'mouth',
  'nose',
  'pharynx',
  'rectum',
  'skin',
  'smallIntestine',
  'stomach',
  'trachea',
  'uterus',
] as const
const AS = ['endoscopic', 'photographic', 'secondary', 'document'] as const

/** A folder in which other programs put files for Ferry. */
export interface FolderSettings {
  /** Names the folder in status, alarms and logs. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Name or AE title of the device, an entry of `devices`, whose files these are. */
  readonly device: string
  /** True if the folder is on another machine: no watcher, slower sweeps. */
  readonly network: boolean
  /** Patterns of the files that are taken. */
  readonly files: readonly string[]
  /** Time for which size and times of a file must not change before it is taken. */
  readonly stillMs: number
  /** The kind of object that a file without DICOM becomes. */
  readonly as: (typeof AS)[number]
  readonly anatomicRegion?: (typeof REGIONS)[number] | undefined
  readonly orientation: 'hold' | 'send'
  readonly lowerProfiles: 'hold' | 'accept'
  /** A regular expression over the relative path; its named groups are facts about the patient. */
  readonly names?: string | undefined
  /** The form of the file beside each file that names the patient. */
  readonly sidecar?: 'json' | 'csv' | 'xml' | undefined
  /** The treatment of a file once it is safe or confirmed. */
  readonly afterwards: 'keep' | 'move' | 'delete'
  /** `safe`: sealed in the queue. `confirmed`: under the receipt of the center. */
  readonly when: 'safe' | 'confirmed'
  /** Absolute; on the same file system as `path`. */
  readonly moveTo?: string | undefined
  /** The treatment of a file whose sidecar or name tell the patient while no order agrees. */
  readonly withoutOrder: 'hold' | 'send'
}

const folderSchema = z.strictObject({
  name: ruleName('Name of the folder in status, alarms and logs'),
  path: setting.path('The folder; relative = beside this file'),
  device: setting.text('Name or AE title of the device whose files these are; an entry of devices'),
  network: setting.onOff('on = the folder is on another machine: it is looked at every 30 s').prefault('off'),
  files: z
    .array(filePattern('Pattern of file names, such as *.jpg'))
    .prefault(['*'])
    .describe('Files that are taken; a pattern with a slash is compared with the path below the folder'),
  still: setting
    .duration('Time for which a file must not change before it is taken', '1s', '1h')
    .prefault('5s'),
  as: setting.choice('Kind of object that stills and videos become', AS).prefault('secondary'),
  anatomicRegion: setting.choice('Body region for Anatomic Region Sequence', REGIONS).optional(),
  orientation: setting
    .choice('Images that EXIF says to be rotated: held, or sent as they are', ['hold', 'send'])
    .prefault('hold'),
  lowerProfiles: setting
    .choice('H.264 Baseline and Main: held, or sent as High', ['hold', 'accept'])
    .prefault('hold'),
  names: namesPattern(
    'Regular expression over the path below the folder, with named groups such as (?<patientId>[0-9]+)',
  ).optional(),
  sidecar: setting
    .choice('Form of the file beside each file that names the patient', ['json', 'csv', 'xml'])
    .optional(),
  afterwards: setting
    .choice('Treatment of a file that was taken', ['keep', 'move', 'delete'])
    .prefault('keep'),
  when: setting
    .choice('The moment for that: safe = sealed here; confirmed = the center has receipted it', [
      'safe',
      'confirmed',
    ])
    .prefault('confirmed'),
  moveTo: setting.path('Folder for taken files; relative = below path').optional(),
  withoutOrder: setting
    .choice('If sidecar or name tell the patient and no order agrees: hold or send', ['hold', 'send'])
    .prefault('hold'),
})

export const foldersSchema = z
  .array(folderSchema.transform(({ still, ...rest }): FolderSettings => ({ ...rest, stillMs: still })))
  .prefault([])
  .describe('Folders in which other programs put files for Ferry')

/** Relative paths count from the folder of the configuration file, `moveTo` from the watched folder. */
export function foldersBesideFile(folders: readonly FolderSettings[], path: string): FolderSettings[] {
  return folders.map((folder) => {
    const at = resolve(dirname(path), folder.path)
    const { moveTo } = folder
    return { ...folder, path: at, ...(moveTo !== undefined && { moveTo: resolve(at, moveTo) }) }
  })
}
