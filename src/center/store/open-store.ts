import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { storageFailure, systemCode } from '../../platform/failure.ts'
import type { Register } from '../register/register.ts'
import { FileInstanceStore } from './file-instance-store.ts'
import type { InstanceStore } from './instance-store.ts'
import { newMarkerId } from './store-marker.ts'
import { storeMissing } from './store-watch.ts'

/** The store of instances in a center's folder; it may be on its own disk. */
export const storeFolder = (folder: string): string => join(folder, 'instances')

/**
 * Opens the instance store of a center's folder. The first start gives it a marker whose id the register keeps. From
 * then on it throws STORE_MISSING if the marker is missing, or is another: the disk is not mounted, or it is not this
 * one.
 */
export async function openStore(folder: string, { marker }: Register, now: number): Promise<InstanceStore> {
  const store = new FileInstanceStore(storeFolder(folder))
  const [expected, found] = [await marker.id(), await store.id()]
  if (expected !== undefined) {
    if (found !== expected) throw storeMissing(store.place, found, expected)
    return store
  }
  if (found !== undefined) {
    // A crash happened between the marker and the register; or the register is new, and its store is not.
    await marker.adopt(found, 'made', now)
    return store
  }
  await makeFolder(store.place)
  const id = newMarkerId()
  await store.mark(id)
  await marker.adopt(id, 'made', now)
  return store
}

/**
 * Accepts the folder of instances as it is, on the operator's request: it gets a new marker, which the register knows
 * from then on. Missing files become lost as they are looked for. A crash in between leaves a store that does not match
 * the register, and the operator can accept it again.
 */
export async function acceptStore(
  folder: string,
  { marker, scrub }: Pick<Register, 'marker' | 'scrub'>,
  now: number,
): Promise<void> {
  const store = new FileInstanceStore(storeFolder(folder))
  await makeFolder(store.place)
  const id = newMarkerId()
  await store.mark(id)
  await marker.adopt(id, 'accepted', now)
  // The next pass begins at once and from the front.
  await scrub.save({ ...(await scrub.progress()), startedAt: now, position: 0, checked: 0, lost: 0 })
}

/** Returns how many studies have a folder in the store; a person compares this with the expected number. */
export async function studyFolders(folder: string): Promise<number> {
  try {
    const entries = await readdir(storeFolder(folder), { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).length
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0
    throw storageFailure(error, `looking at ${storeFolder(folder)}`)
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw storageFailure(error, `making ${path}`)
  })
}
