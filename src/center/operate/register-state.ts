import type { Clock } from '../../platform/clock.ts'
import type { Register } from '../register/register.ts'
import { storeFolder } from '../store/open-store.ts'
import { readMarker } from '../store/store-marker.ts'
import type { RegisterState } from './condition.ts'

/** Reads everything in the register from which a condition can be derived. */
export async function registerStateOf(
  register: Register,
  folder: string,
  clock: Pick<Clock, 'now'>,
): Promise<RegisterState> {
  const notes = await register.notes.list()
  const { conflicts: count } = await register.instances.count()
  return {
    agents: await register.agents.list(),
    heartbeats: await register.heartbeats.list(),
    pacs: await register.handOn.count(),
    conflicts: { count, heldFromPacs: await register.instances.conflictsHeldFromPacs() },
    notes,
    lost: await register.files.countLost(),
    isStoreThere: await isStoreThere(register, folder),
    failingTargets: await register.messages.failing(),
    silences: await register.silences.active(clock.now()),
    firstSeen: await register.conditionTimes.list(),
    lookedAt: notes.find(({ name }) => name === 'ALIVE')?.since ?? null,
  }
}

/** Returns true if the store has the marker that the register knows. A center that has not been started yet has no store. */
export async function isStoreThere({ marker }: Pick<Register, 'marker'>, folder: string): Promise<boolean> {
  const expected = await marker.id()
  return expected === undefined || (await readMarker(storeFolder(folder))) === expected
}
