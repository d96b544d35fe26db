/** A distinguished name of a certificate, which Node gives with a line for each part; it is the peer's text. */
export function oneLine(name: string): string {
  return name
    .replaceAll('\n', ', ')
    .replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
    .slice(0, 200)
}
