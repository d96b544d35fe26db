/** Leaves out empty values: an empty text never means a value. */
export function known<Name extends string>(
  values: Readonly<Record<Name, string | undefined>>,
): Partial<Record<Name, string>> {
  const entries = Object.entries<string | undefined>(values).filter(([, value]) => (value ?? '') !== '')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of `values`
  return Object.fromEntries(entries) as Partial<Record<Name, string>>
}
