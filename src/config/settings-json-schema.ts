import { z } from 'zod'
import type { SettingsKind } from './checks/check-settings.ts'

/** JSON Schema (2020-12) of a configuration file, for editors that complete and check YAML. */
export function settingsJsonSchema(kind: SettingsKind<unknown>): object {
  return z.toJSONSchema(kind.schema, {
    io: 'input',
    // Defaults are kept as the file's text; a number's is shown as one.
    override: ({ jsonSchema }) => {
      const { default: text } = jsonSchema
      if (typeof text === 'string' && /^\d+$/.test(text)) jsonSchema.default = Number(text)
    },
  })
}
