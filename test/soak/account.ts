/** One version of an instance: the same SOP Instance UID may have come with other bytes. */
export interface Version {
  readonly sopInstanceUid: string
  readonly dataSetSha256: string
}

/** A version that the center's register lists. */
export interface StoredVersion extends Version {
  /** As the register names it. */
  readonly file: string
  /** SHA-256 of the data set in the file that the register names; undefined if there is no such file. */
  readonly fileSha256: string | undefined
}

/** Faults that must not happen to an instance. */
export const INEQUALITIES = {
  lost: 'acknowledged, and not stored at the center',
  'wrong bytes': 'stored with bytes that were not sent so',
  doubled: 'stored more than once',
  'never sent': 'stored, and no device sent it',
  unconfirmed: 'acknowledged or stored, and not confirmed',
  'falsely confirmed': 'confirmed, and not stored as it was sent',
} as const

interface Inequality extends Version {
  readonly what: keyof typeof INEQUALITIES
}

/** All four counts are equal but for what was sent without an answer, of which some may have been stored. */
export interface Account {
  readonly sent: number
  readonly acknowledged: number
  readonly stored: number
  readonly confirmed: number
  readonly sentOnly: { readonly stored: readonly string[]; readonly notStored: readonly string[] }
  readonly inequalities: readonly Inequality[]
}

/** Instances that devices have sent, and those that were answered with Success. */
export class SentVersions {
  readonly #isAcknowledged = new Map<string, boolean>()
  readonly #uids = new Set<string>()
  #acknowledged = 0

  /** To be said before the first byte leaves: whatever reaches the center has then been sent. */
  sent(version: Version): void {
    const key = keyOf(version)
    if (!this.#isAcknowledged.has(key)) this.#isAcknowledged.set(key, false)
    this.#uids.add(version.sopInstanceUid)
  }

  acknowledged(version: Version): void {
    const key = keyOf(version)
    if (this.#isAcknowledged.get(key) !== true) this.#acknowledged++
    this.#isAcknowledged.set(key, true)
  }

  get counts(): { sent: number; acknowledged: number } {
    return { sent: this.#isAcknowledged.size, acknowledged: this.#acknowledged }
  }

  has(version: Version): boolean {
    return this.#isAcknowledged.has(keyOf(version))
  }

  knowsUid(sopInstanceUid: string): boolean {
    return this.#uids.has(sopInstanceUid)
  }

  *all(): Generator<Version & { isAcknowledged: boolean }> {
    for (const [key, isAcknowledged] of this.#isAcknowledged) yield { ...versionOf(key), isAcknowledged }
  }
}

/** Versions without order. */
export class VersionSet {
  readonly #keys = new Set<string>()

  add(version: Version): void {
    this.#keys.add(keyOf(version))
  }

  has(version: Version): boolean {
    return this.#keys.has(keyOf(version))
  }

  get size(): number {
    return this.#keys.size
  }

  *all(): Generator<Version> {
    for (const key of this.#keys) yield versionOf(key)
  }
}

/** Compares, version by version, what devices sent with what the center holds and what the agent calls confirmed. */
export function closeAccount(
  sent: SentVersions,
  stored: Iterable<StoredVersion>,
  confirmed: VersionSet,
): Account {
  const inequalities: Inequality[] = []
  const differs = (what: Inequality['what'], { sopInstanceUid, dataSetSha256 }: Version): void => {
    inequalities.push({ what, sopInstanceUid, dataSetSha256 })
  }
  const whole = new VersionSet()
  for (const version of stored) {
    const what = whole.has(version) ? 'doubled' : whatIsWrong(version, sent)
    if (what === undefined) whole.add(version)
    else differs(what, version)
  }
  const sentOnly: { stored: string[]; notStored: string[] } = { stored: [], notStored: [] }
  for (const version of sent.all()) {
    const isStored = whole.has(version)
    if (version.isAcknowledged && !isStored) differs('lost', version)
    if ((version.isAcknowledged || isStored) && !confirmed.has(version)) differs('unconfirmed', version)
    if (!version.isAcknowledged) (isStored ? sentOnly.stored : sentOnly.notStored).push(keyOf(version))
  }
  for (const version of confirmed.all()) if (!whole.has(version)) differs('falsely confirmed', version)
  return { ...sent.counts, stored: whole.size, confirmed: confirmed.size, sentOnly, inequalities }
}

function whatIsWrong(version: StoredVersion, sent: SentVersions): Inequality['what'] | undefined {
  if (!sent.knowsUid(version.sopInstanceUid)) return 'never sent'
  return sent.has(version) && version.fileSha256 === version.dataSetSha256 ? undefined : 'wrong bytes'
}

const keyOf = ({ sopInstanceUid, dataSetSha256 }: Version): string => `${sopInstanceUid} ${dataSetSha256}`

function versionOf(key: string): Version {
  const [sopInstanceUid = '', dataSetSha256 = ''] = key.split(' ')
  return { sopInstanceUid, dataSetSha256 }
}
