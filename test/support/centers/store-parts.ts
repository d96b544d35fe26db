import type { Register } from '../../../src/center/register/register.ts'
import { FileInstanceStore } from '../../../src/center/store/file-instance-store.ts'
import type { InstanceStore } from '../../../src/center/store/instance-store.ts'
import { StoreWatch } from '../../../src/center/store/store-watch.ts'
import { StoredFiles } from '../../../src/center/store/stored-files.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { type Log, silentLog } from '../../../src/platform/log.ts'

/** A store whose files are never looked at: the control of every test that a missing file is noticed. */
export class TrustingStore extends FileInstanceStore {
  override async fault(): Promise<undefined> {
    return undefined
  }
}

/** The parts of the center that look at stored files need this. */
export function storeParts(
  store: InstanceStore,
  { marker, files: rows }: Register,
  clock: Clock,
  log: Log = silentLog,
): { store: InstanceStore; watch: StoreWatch; files: StoredFiles } {
  const watch = new StoreWatch({ store, marker, clock, log })
  return { store, watch, files: new StoredFiles({ store, files: rows, watch, clock, log }) }
}
