const DIGITS = 32

/**
 * Returns the server name (RFC 6066 §3) by which an agent asks the center for the TLS key with this pin. An agent that
 * was away while the key changed knows only the old pin; the center, which still has that key, shows it to this agent
 * alone.
 */
export function pinServerName(pin: string): string {
  return `${Buffer.from(pin, 'base64url').toString('hex').slice(0, DIGITS)}.pin.ferry.invalid`
}
