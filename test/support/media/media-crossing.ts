import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { storedAtCenter } from '../centers/stored-at-center.ts'
import { until } from '../clocks/until.ts'
import { allSettled, openClinic } from '../programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../programs/folder-settings.ts'
import { tempFolder } from '../temp-folder.ts'
import { textOf } from './fragments-of.ts'
import { type MediaKindCase, mediaKinds } from './media-kinds.ts'

/** The fate of one file without DICOM. */
export interface MediaCrossing {
  readonly file: MediaKindCase
  /** The instance at the center; undefined if there is none. */
  readonly stored: { readonly sopClassUid: string; readonly transferSyntaxUid: string } | undefined
  /** Whether the instance contains the file's own bytes; undefined if nothing has to be the same. */
  readonly isSame: boolean | undefined
  /** The code of the cause for which the file is held. */
  readonly held: string | undefined
}

const FOLDERS = ['endoscopic', 'photographic', 'secondary'] as const

/** Puts a file of each kind into watched folders of an agent, and finds out what the center has of it. */
export async function crossMedia(): Promise<MediaCrossing[]> {
  using place = tempFolder()
  const files = mediaKinds()
  const folders = FOLDERS.map((as) =>
    folderSettings(place.join(as), {
      name: as,
      as,
      anatomicRegion: 'stomach',
      names: String.raw`^(?<patientId>P\d+)\.`,
      withoutOrder: 'send',
    }),
  )
  await using clinic = await openClinic({ settings: { devices: [FOLDER_DEVICE], folders } })
  for (const [i, { as, ending, bytes }] of files.entries())
    writeFileSync(join(place.path, as, `P${i}.${ending}`), bytes)
  const decided = files.filter(({ expected }) => expected !== 'waits').length
  await until(
    () => clinic.agent.service.folders(1).folders.reduce((sum, { taken, held }) => sum + taken + held, 0),
    (count) => count >= decided,
    120_000,
  )
  await allSettled(clinic)
  const stored = new Map(
    storedAtCenter(join(clinic.folder, 'center')).map(({ path, transferSyntaxUid }) => {
      const bytes = readFileSync(path)
      const sopClassUid = textOf(bytes, '00080016', 'UI')
      return [textOf(bytes, '00100020', 'LO'), { bytes, sopClassUid, transferSyntaxUid }]
    }),
  )
  const held = new Map(
    clinic.agent.service
      .folders(1000)
      .files.filter(({ state }) => state === 'held')
      .map(({ path, reason }) => [path?.split('.')[0], reason]),
  )
  return files.map((file, i) => {
    const instance = stored.get(`P${i}`)
    const isSame = file.same && instance?.bytes.includes(file.same)
    return { file, stored: instance, isSame, held: held.get(`P${i}`) }
  })
}

/** Returns the broken promise; undefined if the file fared as promised. */
export function mediaBreach({ file, stored, isSame, held }: MediaCrossing): string | undefined {
  const fate = stored === undefined ? (held ?? 'waits') : 'crosses'
  if (fate !== file.expected) return `${file.expected} was expected`
  return isSame === false ? 'its bytes are not in the instance' : undefined
}
