/** The options of PS3.15 §E.3, by the names that a configuration gives them; the columns of Table E.1-1 first, in its order. */
export const CONFIDENTIALITY_OPTIONS = [
  'retain-safe-private',
  'retain-uids',
  'retain-device-identity',
  'retain-institution-identity',
  'retain-patient-characteristics',
  'retain-long-full-dates',
  'retain-long-modified-dates',
  'clean-descriptors',
  'clean-structured-content',
  'clean-graphics',
  'clean-pixel-data',
] as const

export type ConfidentialityOption = (typeof CONFIDENTIALITY_OPTIONS)[number]
