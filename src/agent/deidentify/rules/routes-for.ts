import type { InstanceFacts } from '../element/instance-facts.ts'
import type { RuleCondition } from '../element/profile.ts'
import { fits } from '../element/rule-condition.ts'

/** A way that instances take. */
export interface Route {
  readonly name: string
  readonly when?: RuleCondition | undefined
  /** Undefined: with identity, as the device sent it. */
  readonly profile: string | undefined
}

/** Returns every route that matches an instance. There may be none, if every route has conditions. */
export function routesFor(
  routes: readonly Route[],
  facts: Pick<InstanceFacts, 'source' | 'modality' | 'sopClassUid'>,
): Route[] {
  return routes.filter(({ when }) => fits(when, facts))
}
