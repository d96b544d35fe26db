import type { RouteSettings } from '../../config/deid-settings.ts'
import type { NormalizationSettings } from '../../config/normalization-settings.ts'
import type { DataSetHead } from '../../dicom/find/data-set-head.ts'
import type { StoreRequest } from '../../dimse/association/association.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { DeidSource } from '../deidentify/element/profile.ts'
import { routesFor } from '../deidentify/rules/routes-for.ts'
import { Normalization } from '../normalize/normalization.ts'
import { normalizationRulesFor } from '../normalize/normalization-rule.ts'
import type { DeidentifiedTreatments } from './deidentified-treatments.ts'
import { editedDataSet } from './edited-data-set.ts'
import { asItCame, type Treatment, type TreatmentRecord } from './treatment.ts'

interface TreatmentsOptions {
  readonly routes: readonly RouteSettings[]
  readonly normalization: NormalizationSettings
  /** Set if a route has a profile. */
  readonly deidentified: DeidentifiedTreatments | undefined
  readonly clock: Clock
  /** Modifying System in Original Attributes Sequence, ASCII. */
  readonly system: string
  readonly record: (record: TreatmentRecord) => void
}

/** Chooses the treatments of an instance from the configured routes. */
export class Treatments {
  readonly #options: TreatmentsOptions

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
    return this.#options.deidentified?.otherUids(sopInstanceUid) ?? []
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
    if (route.profile !== undefined) {
      const { deidentified } = this.#options
      if (deidentified === undefined)
        throw new Failure('INTERNAL', `taking an instance: the profile ${route.profile} is not loaded`)
      return deidentified.make(plain, route.profile, route.name, request, facts.source, normalization)
    }
    if (normalization === undefined) return plain
    return {
      ...plain,
      policy: 'normalized',
      change: editedDataSet(request.transferSyntaxUid, normalization),
      taken: (ulid, digests) =>
        this.#options.record({ ulid, route: route.name, ...digests, normalized: normalization.audit() }),
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
