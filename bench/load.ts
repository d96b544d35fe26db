import { makeStudy } from './make-study.ts'
import type { Holding } from './receivers/receiver.ts'
import { instanceInMemory, instanceOnDisk, type StudyInstance } from './send-study.ts'
import type { SetName } from './study/study-sets.ts'

/** Instances to send, and what a receiver holds when nothing was lost. */
export interface Load {
  readonly set: SetName
  readonly instances: readonly StudyInstance[]
  readonly expected: Holding
}

/** Makes a set if it does not exist yet, and reads it into memory unless it is too large for that. */
export async function load(set: SetName, count: number): Promise<Load> {
  const read = set === 'multiframe' ? instanceOnDisk : instanceInMemory
  const instances: StudyInstance[] = []
  for (const path of await makeStudy(set, count)) instances.push(await read(path))
  return loadOf(set, instances)
}

/** The first instances of a load. */
export function firstOf({ set, instances }: Load, count = instances.length): Load {
  return loadOf(set, instances.slice(0, count))
}

function loadOf(set: SetName, instances: readonly StudyInstance[]): Load {
  const dataSetBytes = instances.reduce((sum, instance) => sum + instance.dataSetBytes, 0)
  return { set, instances, expected: { instances: instances.length, dataSetBytes } }
}
