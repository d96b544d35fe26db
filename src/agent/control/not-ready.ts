import type { AgentStatus } from '../../protocol/control-api.ts'
import type { StorageGate } from '../arrival/storage-gate.ts'
import type { TrustedKeys } from '../send/trusted-keys.ts'

interface NotReadyOptions {
  readonly keys: Pick<TrustedKeys, 'areKnown'>
  readonly storage: Pick<StorageGate, 'standing'>
}

/** Lists the reasons why an instance that a device sends now would be refused: no center's key, or a storage that takes nothing. */
export function notReady({ keys, storage }: NotReadyOptions): AgentStatus['notReady'] {
  const trouble = storage.standing()
  return [
    ...(keys.areKnown ? [] : [{ code: 'NOT_ENROLLED', reason: 'this agent belongs to no center yet' }]),
    ...(trouble === undefined ? [] : [{ code: trouble.code, reason: trouble.message }]),
  ]
}
