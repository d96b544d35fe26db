/** The period of a key: in use from `since` on (ISO 8601); revoked at `until`, null for a key that is not revoked. */
export interface KeySpan {
  readonly since: string
  readonly until: string | null
}

/**
 * `announced`: in the key list and not used yet. `inUse`: signs, is sealed to, or is shown. `retired`: another key is
 * in use; it is still trusted, and still opens. `revoked`: no longer in the key list.
 */
export type KeyState = 'announced' | 'inUse' | 'retired' | 'revoked'

/**
 * The key that is in use: the last one made whose time has come. The order in which keys were made counts, so a key
 * that was made while the clock was in the future gives way to the next one. A clock before all of them
 * (1970) selects the oldest, which every agent knows. Undefined if all are revoked.
 */
export function keyInUse<Key extends KeySpan>(keys: readonly Key[], nowMs: number): Key | undefined {
  const good = notRevoked(keys)
  return good.findLast(({ since }) => Date.parse(since) <= nowMs) ?? good[0]
}

export function notRevoked<Key extends KeySpan>(keys: readonly Key[]): Key[] {
  return keys.filter(({ until }) => until === null)
}

export function keyState<Key extends KeySpan>(key: Key, keys: readonly Key[], nowMs: number): KeyState {
  if (key.until !== null) return 'revoked'
  const used = keyInUse(keys, nowMs)
  if (key === used) return 'inUse'
  return used !== undefined && keys.indexOf(key) > keys.indexOf(used) ? 'announced' : 'retired'
}
