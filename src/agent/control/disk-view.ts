import type { AgentSettings } from '../../config/agent-settings.ts'
import type { AgentStatus } from '../../protocol/control-api.ts'
import type { StorageGate } from '../arrival/storage-gate.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { SpoolDisk, SpoolRoom } from '../queue/spool-room.ts'
import { CENTER } from '../send/destination.ts'

interface DiskViewOptions {
  readonly settings: AgentSettings
  readonly queue: Queue
  readonly storage: StorageGate
  readonly room: SpoolRoom
}

/** The state of the disk that is short of room first. */
export function diskView({ settings, queue, storage, room }: DiskViewOptions): AgentStatus['disk'] {
  const { dataFolder: folder, limits, retention } = settings
  const { freeBytes } = storage
  const { disk, state } = room
  // The index may be on another disk than the spool, and that disk may be the full one.
  const isSpools = disk !== undefined && disk.freeBytes <= freeBytes
  return {
    folder,
    freeBytes,
    reserveBytes: limits.reserveBytes,
    freeFiles: disk?.freeFiles ?? null,
    room: state,
    atLeastMs: Math.min(retention.atLeastMs, retention.confirmedMs),
    contents: isSpools ? diskContents(disk, queue) : null,
  }
}

/** The contents of the disk: sealed images by their state, and everything else, Ferry's own records included. */
function diskContents(disk: SpoolDisk, queue: Queue): AgentStatus['disk']['contents'] {
  const { waiting: waitingBytes, held: heldBytes } = queue.deliveries.unconfirmedBytes(CENTER)
  const confirmedBytes = queue.retained.total().bytes
  const otherBytes = Math.max(0, disk.usedBytes - waitingBytes - heldBytes - confirmedBytes)
  return { totalBytes: disk.totalBytes, waitingBytes, confirmedBytes, heldBytes, otherBytes }
}
