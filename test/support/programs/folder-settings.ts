import { mkdirSync } from 'node:fs'
import type { FolderSettings } from '../../../src/config/folder-settings.ts'

/** Settings of a folder that takes DICOM files of the device ES1; made if it does not exist. */
export function folderSettings(path: string, settings: Partial<FolderSettings> = {}): FolderSettings {
  mkdirSync(path, { recursive: true })
  return {
    name: 'endo',
    path,
    device: 'ES1',
    network: false,
    files: ['*'],
    stillMs: 100,
    as: 'secondary',
    orientation: 'hold',
    lowerProfiles: 'hold',
    afterwards: 'keep',
    when: 'confirmed',
    withoutOrder: 'hold',
    ...settings,
  }
}

export const FOLDER_DEVICE = { name: 'Endoscope', aeTitle: 'ES1', addresses: [] }
