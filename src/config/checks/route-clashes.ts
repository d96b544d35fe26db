import { TAG } from '../../dicom/vocabulary/tag.ts'
import { parseRulePath } from '../setting/rule-paths.ts'
import { sopClassUidOf } from '../setting/rule-setting.ts'
import type { ClashCause } from '../yaml/expected.ts'
import { childAt } from '../yaml/yaml-values.ts'
import type { CrossProblem } from './check-settings.ts'
import { listAt, textAt, valueAt } from './yaml-places.ts'

/** A route without a fault of its own. */
interface Route {
  readonly place: number
  readonly name: string
  readonly when: unknown
  /** Undefined: with identity. */
  readonly profile: unknown
  readonly profileName: string | undefined
}

/**
 * Finds two routes on which one instance can leave under the same SOP Instance UID with different content. At the
 * center the second one would be held as a conflict, and which one is second would be chance.
 */
export function routeClashes(values: unknown): CrossProblem[] {
  const routes = routesOf(values)
  return routes.flatMap((route, i) => {
    for (const other of routes.slice(0, i)) {
      const why = mayMeet(values, [route.when, other.when]) ? clash(values, route, other) : undefined
      if (why !== undefined)
        return [{ kind: 'clash', path: ['routes', route.place], first: ['routes', other.place], ...why }]
    }
    return []
  })
}

function clash(
  values: unknown,
  route: Route,
  other: Route,
): { found: string; other: string; cause: ClashCause; subject: string } | undefined {
  if (uidsOf(route).isDisjointFrom(uidsOf(other))) return undefined
  const names = { found: route.name, other: other.name }
  if (route.profileName !== other.profileName) {
    const isIdentified = route.profileName === undefined || other.profileName === undefined
    const subject = route.profileName ?? other.profileName ?? ''
    return { ...names, cause: isIdentified ? 'retained' : 'profiles', subject }
  }
  const subject = ruleOfOneOnly(values, route, other)
  return subject === undefined ? undefined : { ...names, cause: 'rule', subject }
}

/** A normalization rule that names one of the two routes, and that an instance of both can meet. */
function ruleOfOneOnly(values: unknown, route: Route, other: Route): string | undefined {
  const rule = listAt(values, ['normalization', 'rules']).find((one) => {
    const when = childAt(one, 'when')
    const named = textAt(when, 'route')
    const isNamed = named === route.name || named === other.name
    return isNamed && mayMeet(values, [route.when, other.when, when])
  })
  return rule === undefined ? undefined : (textAt(rule, 'name') ?? '')
}

/** The possible SOP Instance UIDs of a copy: the device's, the one from the key of a group of profiles, or a fixed value. */
function uidsOf({ profile, profileName }: Route): Set<string> {
  if (profile === undefined) return new Set(['kept'])
  const replaced = `by key ${textAt(profile, 'keyGroup') ?? profileName}`
  const uids = new Set<string>()
  for (const rule of listAt(profile, ['rules'])) {
    const pattern = parseRulePath(textAt(rule, 'path') ?? '')
    const isOfSopInstance = pattern?.path.length === 1 && pattern.path[0] === TAG.SOPInstanceUID
    if (!isOfSopInstance) continue
    uids.add(uidBy(textAt(rule, 'action'), textAt(rule, 'value'), replaced))
    if (childAt(rule, 'when') === undefined) return uids
  }
  return uids.add(listAt(profile, ['options']).includes('retain-uids') ? 'kept' : replaced)
}

/** A removed or emptied UID is replaced by the UID from the key. */
function uidBy(action: string | undefined, value: string | undefined, replaced: string): string {
  if (action === 'keep') return 'kept'
  return action === 'replace' ? `value ${value}` : replaced
}

/** Returns true if an instance can match all of these conditions. */
function mayMeet(values: unknown, conditions: readonly unknown[]): boolean {
  const asked = (key: string): string[] => [...new Set(conditions.flatMap((when) => textAt(when, key) ?? []))]
  const sopClasses = new Set(asked('sopClass').map((text) => sopClassUidOf(text) ?? text))
  if (asked('modality').length > 1 || sopClasses.size > 1) return false
  const devices = asked('device')
  // A condition may name a device by its name or by its AE title.
  const isOneDevice = listAt(values, ['devices']).some((device) =>
    devices.every((text) => text === textAt(device, 'name') || text === textAt(device, 'aeTitle')),
  )
  return devices.length <= 1 || isOneDevice
}

function routesOf(values: unknown): Route[] {
  const profiles = listAt(values, ['deidentification', 'profiles'])
  return listAt(values, ['routes']).flatMap((route, place): Route[] => {
    const [name = '', profileName] = [textAt(route, 'name'), textAt(route, 'profile')]
    const isIdentified = ['on', 'yes', 'true'].includes(textAt(route, 'identified') ?? '')
    const profile = profiles.find((one) => textAt(one, 'name') === profileName)
    if (isIdentified === (profileName !== undefined)) return []
    if (profileName !== undefined && profile === undefined) return []
    const when = valueAt(route, ['when'])
    return [{ place, name, when, profile: isIdentified ? undefined : profile, profileName }]
  })
}
