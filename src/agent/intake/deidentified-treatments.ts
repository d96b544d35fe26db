import type { DataSetEdits } from '../../dicom/edit/data-set-editor.ts'
import type { StoreRequest } from '../../dimse/association/association.ts'
import { Failure } from '../../platform/failure.ts'
import { deidentifiedPolicy } from '../../protocol/spool-file.ts'
import type { DeidLinks } from '../deid-records/deid-links.ts'
import type { StudyPersonLog } from '../deid-records/study-person-log.ts'
import { Deidentification } from '../deidentify/deidentification.ts'
import { chainEdits } from '../deidentify/element/chain-edits.ts'
import type { DeidProfile, DeidSource } from '../deidentify/element/profile.ts'
import { KnownValuesCache } from '../deidentify/names/known-values-cache.ts'
import type { PixelCodecs } from '../deidentify/pixels/pixel-codec.ts'
import type { ProjectKey } from '../deidentify/rules/project-key.ts'
import type { Link } from '../deidentify/rules/who-is-who.ts'
import type { Normalization } from '../normalize/normalization.ts'
import { editedDataSet } from './edited-data-set.ts'
import type { Treatment, TreatmentRecord } from './treatment.ts'

interface DeidentifiedTreatmentsOptions {
  readonly profiles: ReadonlyMap<string, DeidProfile>
  /** By the name of the profile; contains every profile that a route uses. */
  readonly keys: ReadonlyMap<string, ProjectKey>
  /** The log of the patient of each study. */
  readonly studies: StudyPersonLog | undefined
  /** The linking table, if one is configured. */
  readonly links: DeidLinks | undefined
  readonly codecs: PixelCodecs | undefined
  readonly record: (record: TreatmentRecord) => void
}

/** Makes the treatments of the routes that remove identity. Loaded only if there is such a route: its tables take some 5 MB. */
export class DeidentifiedTreatments {
  readonly #options: DeidentifiedTreatmentsOptions
  readonly #knownValues = new KnownValuesCache()

  constructor(options: DeidentifiedTreatmentsOptions) {
    this.#options = options
  }

  /** Returns the UIDs of the de-identified copies of that instance. */
  otherUids(sopInstanceUid: string): string[] {
    return Array.from(new Set(this.#options.keys.values()), (key) => key.uid(sopInstanceUid))
  }

  /** Returns the treatment on the route `route`, whose profile is named; `plain` is that of the instance as it came. */
  make(
    plain: Treatment,
    profileName: string,
    route: string,
    request: StoreRequest,
    source: DeidSource,
    normalization: Normalization | undefined,
  ): Treatment {
    const { profiles, keys, studies, codecs, links } = this.#options
    const [profile, key] = [profiles.get(profileName), keys.get(profileName)]
    if (profile === undefined || key === undefined)
      throw new Failure('INTERNAL', `taking an instance: the profile ${profileName} or its key is missing`)
    const { sopClassUid, transferSyntaxUid } = request
    let link: Link | undefined
    const deid = new Deidentification({
      profile,
      key,
      source,
      sopClassUid,
      transferSyntaxUid,
      codecs,
      studies,
      knownValues: this.#knownValues,
      onLink: links && ((made) => (link = made)),
    })
    // A rule that sets an institution on such a route is intended: it names the route, and is applied last.
    const edits: DataSetEdits = normalization === undefined ? deid : chainEdits(deid, normalization)
    const { sopInstanceUid, studyInstanceUid, seriesInstanceUid } = plain.names
    return {
      policy: deidentifiedPolicy(profile.name),
      names: {
        sopInstanceUid: deid.uid(sopInstanceUid),
        studyInstanceUid: deid.uid(studyInstanceUid),
        seriesInstanceUid: deid.uid(seriesInstanceUid),
      },
      change: editedDataSet(transferSyntaxUid, edits, () => deid.transferSyntaxUid, deid.outputCheck()),
      prepared: async () => {
        await studies?.durable()
        if (link !== undefined) await links?.keep(profile.name, link)
      },
      taken: (ulid, digests) =>
        this.#options.record({
          ulid,
          route,
          ...digests,
          deidentified: deid.audit(),
          ...(normalization && { normalized: normalization.audit() }),
        }),
    }
  }
}
