/** Settings whose values are not needed for help, and that can hold a secret, or words about a person. */
const LEFT_OUT = new Set(['username', 'value', 'recipients', 'identityRecipient', 'from', 'to'])

/**
 * The settings as they are in force, without secrets: the configuration has those in files, whose names are kept. The file
 * itself is not copied, since people write remarks into it.
 */
export function bundledSettings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bundledSettings)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      LEFT_OUT.has(name) ? '(left out)' : bundledSettings(one),
    ]),
  )
}
