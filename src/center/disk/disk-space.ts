import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, storageFailure } from '../../platform/failure.ts'

/** The parts of the center's data that grow. Each may be on its own disk. */
type Place = 'register' | 'packs' | 'instances'

/** Number of bytes to be written, by place. */
export type Need = Readonly<Partial<Record<Place, number>>>

/** One file system and the places on it. */
interface Disk {
  /** Free bytes above the reserve and above the needs that are held; negative if the reserve is used. */
  readonly roomBytes: number
  /** Returns the part of a need that falls on this disk. */
  readonly share: (need: Need) => number
}

interface DiskSpaceOptions {
  /** The center's data folder; it contains the register. */
  readonly folder: string
  readonly reserveBytes: number
  /** Bytes of the ballast that are not on the disk now: they are kept free until it is made again. */
  readonly missingBallastBytes: () => number
}

/**
 * The room on the center's disks. All writing caused by an agent's request asks here first, so that the reserve stays
 * for work that must always be possible: revoking an agent, answering health and status, shutting down.
 */
export class DiskSpace {
  readonly #options: DiskSpaceOptions
  readonly #held = new Set<Need>()

  constructor(options: DiskSpaceOptions) {
    this.#options = options
  }

  /** Measures now, because a disk may be mounted while the center runs. Throws STORAGE_ERROR. */
  async disks(): Promise<Disk[]> {
    const { folder, reserveBytes, missingBallastBytes } = this.#options
    const measured = await measureDisks(folder)
    // No awaits from here on: a need that is held meanwhile counts.
    return measured.map(({ places, freeBytes }) => {
      const share = (need: Need): number => sum([...places].map((place) => need[place] ?? 0))
      const held = sum([...this.#held].map(share))
      const ballast = places.has('register') ? missingBallastBytes() : 0
      return { share, roomBytes: freeBytes - reserveBytes - ballast - held }
    })
  }

  /** Holds room for a need until it is disposed of, after the bytes are written. Throws STORAGE_FULL if there is none. */
  async take(need: Need, attempted: string): Promise<Disposable> {
    for (const { roomBytes, share } of await this.disks()) {
      const bytes = share(need)
      if (bytes > 0 && bytes > roomBytes) {
        throw new Failure(
          'STORAGE_FULL',
          `${attempted}: ${bytes} bytes more would break into the reserve of the disk`,
        )
      }
    }
    this.#held.add(need)
    return { [Symbol.dispose]: () => void this.#held.delete(need) }
  }
}

interface MeasuredDisk {
  readonly places: Set<Place>
  readonly freeBytes: number
}

/** A folder that does not exist counts to the disk of the data folder. */
async function measureDisks(folder: string): Promise<MeasuredDisk[]> {
  try {
    const own = await measure(folder)
    const first: MeasuredDisk = { places: new Set(['register']), freeBytes: own.freeBytes }
    const disks = new Map([[own.dev, first]])
    for (const place of ['packs', 'instances'] as const) {
      const { dev, freeBytes } = await measure(join(folder, place)).catch(() => own)
      const disk = disks.get(dev) ?? { places: new Set(), freeBytes }
      disks.set(dev, disk)
      disk.places.add(place)
    }
    return [...disks.values()]
  } catch (error) {
    throw storageFailure(error, `looking at the disk of ${folder}`)
  }
}

async function measure(path: string): Promise<{ dev: number; freeBytes: number }> {
  const [{ dev }, { bavail, bsize }] = await Promise.all([stat(path), statfs(path)])
  return { dev, freeBytes: bavail * bsize }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
