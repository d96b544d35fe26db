import { sha256 } from '../support/centers/stored-at-center.ts'
import type { RawInstance } from '../support/peers/send-instances.ts'
import type { SentVersions, Version } from './account.ts'
import type { InstanceMaker, Recipe } from './soak-instance.ts'
import type { SoakRandom } from './soak-random.ts'

export interface Device {
  readonly aeTitle: string
  readonly random: SoakRandom
}

export interface SendBatchOptions {
  /** Where devices connect. */
  readonly port: number
  readonly maker: InstanceMaker
  readonly sent: SentVersions
  /** Takes the files that storescu sends. */
  readonly outbox: string
}

/** Sends over one association. Instances answered with Success are taken out of `batch`; throws if it breaks off. */
export type SendBatch = (
  device: Device,
  batch: Set<Recipe>,
  options: SendBatchOptions,
  breaksOff: boolean,
) => Promise<void>

/** Makes an instance and enters it as sent. */
export function prepare(
  recipe: Recipe,
  { maker, sent }: SendBatchOptions,
): { instance: RawInstance; version: Version } {
  const instance = maker.make(recipe)
  const version = {
    sopInstanceUid: instance.sopInstanceUid,
    dataSetSha256: sha256(instance.dataSet),
  }
  sent.sent(version)
  return { instance, version }
}
