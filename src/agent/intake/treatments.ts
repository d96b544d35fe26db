import type { RouteSettings } from '../../config/deid-settings.ts'
import type { NormalizationSettings } from '../../config/normalization-settings.ts'
import type { DataSetEdits } from '../../dicom/edit/data-set-editor.ts'
import type { DataSetHead } from '../../dicom/find/data-set-head.ts'
import type { StoreRequest } from '../../dimse/association/association.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { deidentifiedPolicy } from '../../protocol/spool-file.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { DeidLinks } from '../deid-records/deid-links.ts'
import type { StudyPersonLog } from '../deid-records/study-person-log.ts'
import { Deidentification } from '../deidentify/deidentification.ts'
import { chainEdits } from '../deidentify/element/chain-edits.ts'
import type { DeidProfile, DeidSource } from '../deidentify/element/profile.ts'
import { KnownValuesCache } from '../deidentify/names/known-values-cache.ts'
import type { PixelCodecs } from '../deidentify/pixels/pixel-codec.ts'
import type { DeidAudit } from '../deidentify/rules/deid-audit.ts'
import type { ProjectKey } from '../deidentify/rules/project-key.ts'
import { routesFor } from '../deidentify/rules/routes-for.ts'
import type { Link } from '../deidentify/rules/who-is-who.ts'
import { Normalization } from '../normalize/normalization.ts'
import type { NormalizationAudit } from '../normalize/normalization-audit.ts'
import { normalizationRulesFor } from '../normalize/normalization-rule.ts'
import { editedDataSet } from './edited-data-set.ts'
import { asItCame, type CopyDigests, type Treatment } from './treatment.ts'

/** The record of the changes of one copy, without values. */
export interface TreatmentRecord extends CopyDigests {
  readonly ulid: Ulid
  readonly route: string
  readonly deidentified?: DeidAudit
  readonly normalized?: NormalizationAudit
}

interface TreatmentsOptions {
  readonly routes: readonly RouteSettings[]
  readonly profiles: ReadonlyMap<string, DeidProfile>
  readonly normalization: NormalizationSettings
  /** By the name of the profile; contains every profile that a route uses. */
  readonly keys: ReadonlyMap<string, ProjectKey>
  /** The log of the patient of each study; set if a route has a profile. */
  readonly studies: StudyPersonLog | undefined
  /** The linking table, if one is configured. */
  readonly links: DeidLinks | undefined
  readonly codecs: PixelCodecs | undefined
  readonly clock: Clock
  /** Modifying System in Original Attributes Sequence, ASCII. */
  readonly system: string
  readonly record: (record: TreatmentRecord) => void
}

/** Chooses the treatments of an instance from the configured routes. */
export class Treatments {
  readonly #options: TreatmentsOptions
  readonly #knownValues = new KnownValuesCache()

  constructor(options: TreatmentsOptions) {
    this.#options = options
  }

  /**
   * Returns at least one treatment; throws DEID_WITHHELD if no route matches the instance, so that it is not lost
   * silently.
   */
  for(request: StoreRequest, head: Readonly<DataSetHead>, device: string | undefined): Treatment[] {
    const { callingAeTitle } = request.association
    const source = { device, callingAeTitle }
    const facts = { source, modality: head.modality ?? '', sopClassUid: request.sopClassUid }
    const routes = routesFor(this.#options.routes, facts)
    if (routes.length === 0) {
      throw new Failure('DEID_WITHHELD', 'taking an instance: no route of the configuration is meant for it')
    }
    return routes.map((route) => this.#treatment(route, request, head, { ...facts, route: route.name }))
  }

  /** Returns the UIDs of the de-identified copies of that instance. */
  otherUids(sopInstanceUid: string): string[] {
    return Array.from(new Set(this.#options.keys.values()), (key) => key.uid(sopInstanceUid))
  }

  #treatment(
    route: RouteSettings,
    request: StoreRequest,
    head: Readonly<DataSetHead>,
    facts: { source: DeidSource; modality: string; sopClassUid: string; route: string },
  ): Treatment {
    const isIdentified = route.profile === undefined
    const normalization = this.#normalization({ ...facts, isIdentified })
    const plain = asItCame(request, head)
    if (route.profile !== undefined)
      return this.#deidentified(plain, route.profile, route.name, request, facts.source, normalization)
    if (normalization === undefined) return plain
    return {
      ...plain,
      policy: 'normalized',
      change: editedDataSet(request.transferSyntaxUid, normalization),
      taken: (ulid, digests) =>
        this.#options.record({ ulid, route: route.name, ...digests, normalized: normalization.audit() }),
    }
  }

  #deidentified(
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

  #normalization(facts: {
    source: DeidSource
    modality: string
    sopClassUid: string
    route: string
    isIdentified: boolean
  }): Normalization | undefined {
    const { normalization, system, clock } = this.#options
    const rules = normalizationRulesFor(normalization.rules, facts)
    if (rules.length === 0) return undefined
    const { recordOriginals } = normalization
    return new Normalization({ rules, source: facts.source, system, recordOriginals, now: clock.now() })
  }
}
