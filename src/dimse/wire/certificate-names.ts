import type { PeerCertificate } from 'node:tls'

/**
 * Returns the names in a certificate: common names, DNS names and IP addresses. Text that merely looks like another
 * entry does not count: Node quotes entries with special characters, and a list with a quoted entry is not read at all.
 */
export function certificateNames({ subject, subjectaltname: others = '' }: PeerCertificate): string[] {
  const entries = others.includes('"') ? [] : others.split(', ')
  const alternatives = entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
  return [...commonNames(subject), ...alternatives]
}

/** Node returns a list if there are several, in contrast to its types. */
function commonNames(subject: { readonly CN?: string | readonly string[] }): readonly string[] {
  return [subject.CN ?? []].flat()
}

/** A distinguished name of a certificate, which Node gives with a line for each part; it is the peer's text. */
export function oneLine(name: string): string {
  return name
    .replaceAll('\n', ', ')
    .replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
    .slice(0, 200)
}
