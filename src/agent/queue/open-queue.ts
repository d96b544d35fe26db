import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { Database } from '../../platform/sqlite.ts'
import { AcceptanceGroup } from './acceptance.ts'
import { Deliveries } from './deliveries.ts'
import { InstanceIndex } from './instance-index.ts'
import { Packs } from './packs.ts'
import { Retained } from './retained.ts'
import { Spool } from './spool.ts'
import { Studies } from './studies.ts'
import { WatchPoints } from './watch-points.ts'

/** The agent's queue: the spool and the parts of its index. */
export interface Queue extends Disposable {
  spool: Spool
  index: InstanceIndex
  acceptance: AcceptanceGroup
  deliveries: Deliveries
  packs: Packs
  studies: Studies
  retained: Retained
  watchPoints: WatchPoints
}

/** Opens `folder`/spool and `folder`/queue.sqlite, making what is not there. The caller holds the folder's lock. */
export async function openQueue(
  folder: string,
  clock: Clock,
  destinations: readonly string[],
): Promise<Queue> {
  const spool = await Spool.open(join(folder, 'spool'))
  const database = Database.open(join(folder, 'queue.sqlite'), join(import.meta.dirname, 'schema'))
  const index = new InstanceIndex(database, clock, destinations)
  return {
    spool,
    index,
    acceptance: new AcceptanceGroup(spool, index),
    deliveries: new Deliveries(database, clock),
    packs: new Packs(database, clock),
    studies: new Studies(database, clock),
    retained: new Retained(database, clock),
    watchPoints: new WatchPoints(database, clock),
    [Symbol.dispose]: () => {
      database.close()
      spool[Symbol.dispose]()
    },
  }
}
