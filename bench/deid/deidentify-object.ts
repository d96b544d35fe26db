import { Deidentification } from '../../src/agent/deidentify/deidentification.ts'
import { KnownValuesCache } from '../../src/agent/deidentify/names/known-values-cache.ts'
import type { PixelCodecs } from '../../src/agent/deidentify/pixels/pixel-codec.ts'
import { ProjectKey } from '../../src/agent/deidentify/rules/project-key.ts'
import { editedDataSet } from '../../src/agent/intake/edited-data-set.ts'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import type { PlantedObject } from './planted-set.ts'
import { BENCH_PROFILE } from './profile.ts'

const KEY = Buffer.alloc(32, 'bench')

/** One machine with the project's key: every part of it is made again for each machine. */
export class Machine {
  readonly #key = new ProjectKey(KEY)
  readonly #knownValues = new KnownValuesCache()
  readonly #codecs: PixelCodecs
  readonly #chunkBytes: number

  constructor(codecs: PixelCodecs, chunkBytes: number) {
    this.#codecs = codecs
    this.#chunkBytes = chunkBytes
  }

  /** The file as the center will have it. Throws where it is withheld. */
  deidentify(planted: PlantedObject): { readonly name: string; readonly file: Buffer } {
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet } = planted
    const deid = new Deidentification({
      profile: BENCH_PROFILE,
      key: this.#key,
      source: { device: undefined, callingAeTitle: 'BENCH' },
      sopClassUid,
      transferSyntaxUid,
      codecs: this.#codecs,
      knownValues: this.#knownValues,
    })
    const change = editedDataSet(transferSyntaxUid, deid, () => deid.transferSyntaxUid, deid.outputCheck())
    const out: Buffer[] = []
    for (let at = 0; at < dataSet.length; at += this.#chunkBytes) {
      out.push(...change.push(dataSet.subarray(at, at + this.#chunkBytes)))
    }
    out.push(...change.finish())
    const uid = deid.uid(sopInstanceUid)
    const header = encodePart10Header({
      sopClassUid,
      sopInstanceUid: uid,
      transferSyntaxUid: change.transferSyntaxUid,
    })
    return { name: `${uid}.dcm`, file: Buffer.concat([header, ...out]) }
  }
}
