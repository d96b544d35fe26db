/** Parts of a message that a list shows. The message is one that auditMessage has written. */
export interface ShownMessage {
  /** Ms since 1970. */
  readonly at: number
  readonly action: string
  /** The person, the agent or the program that asked. */
  readonly user: string
  readonly address: string | null
  readonly destination: string | null
  /** Studies and other subjects. */
  readonly objects: readonly string[]
  readonly reason: string | null
  /** Code of the failure; null = success. */
  readonly failure: string | null
}

export function readMessage(message: string): ShownMessage {
  const first = (pattern: RegExp): string | null => {
    const found = pattern.exec(message)?.[1]
    return found === undefined ? null : unescape(found)
  }
  const reason = first(/<ParticipantObjectDetail type="reason" value="([^"]*)"/)
  return {
    at: Date.parse(first(/EventDateTime="([^"]*)"/) ?? ''),
    action: first(/<EventTypeCode csd-code="([^"]*)" codeSystemName="99FERRY"/) ?? '',
    user: first(/<ActiveParticipant UserID="([^"]*)"[^>]*UserIsRequestor="true"/) ?? '',
    address: first(/UserIsRequestor="true" NetworkAccessPointID="([^"]*)"/),
    destination: first(
      /<ActiveParticipant UserID="([^"]*)"[^>]*><RoleIDCode csd-code="110152"[^>]*\/><\/ActiveParticipant><AuditSource/,
    ),
    objects: Array.from(message.matchAll(/ParticipantObjectID="([^"]*)"/g), ([, id = '']) => unescape(id)),
    reason: reason === null ? null : Buffer.from(reason, 'base64').toString('utf8'),
    failure: first(/<EventOutcomeDescription>([^<]*)</),
  }
}

const CHARACTERS: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' }

const unescape = (text: string): string =>
  text.replaceAll(/&(?:lt|gt|quot|amp);/g, (found) => CHARACTERS[found] ?? found)
