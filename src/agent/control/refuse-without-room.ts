import { Failure, isFailureCode } from '../../platform/failure.ts'
import type { StorageGate } from '../arrival/storage-gate.ts'
import type { TrustedKeys } from '../send/trusted-keys.ts'

/** Throws NOT_ENROLLED, or a code of the storage, if no instance can be taken now. */
export function refuseWithoutRoom(
  { keys, storage }: { readonly keys: TrustedKeys; readonly storage: StorageGate },
  attempted: string,
): void {
  if (!keys.areKnown) throw new Failure('NOT_ENROLLED', `${attempted}: this agent belongs to no center yet`)
  const trouble = storage.standing()
  if (trouble === undefined) return
  const code = isFailureCode(trouble.code) ? trouble.code : 'STORAGE_ERROR'
  throw new Failure(code, `${attempted}: ${trouble.message}`)
}
