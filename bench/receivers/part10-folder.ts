import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { instanceOnDisk } from '../send-study.ts'
import type { Holding } from './receiver.ts'

/** Counts the DICOM files in a folder and below whose path `accept` lets through. */
export async function holdingOfFiles(
  folder: string,
  accept: (path: string) => boolean = () => true,
): Promise<Holding> {
  let holding: Holding = { instances: 0, dataSetBytes: 0 }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !accept(path)) continue
    const { dataSetBytes } = await instanceOnDisk(path)
    holding = { instances: holding.instances + 1, dataSetBytes: holding.dataSetBytes + dataSetBytes }
  }
  return holding
}
