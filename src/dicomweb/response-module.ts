import { type Attributes, xmlAttributes } from './native-dicom-xml.ts'

/** The part of a Store Instances Response Module (PS3.18 Table I.1-1) that says what became of the instances. */
export interface ResponseModule {
  /** SOP Instance UID and warning reason of what was stored. */
  readonly stored: readonly { readonly uid: string; readonly warning: number | undefined }[]
  /** SOP Instance UID and failure reason of what was not stored; undefined is what the server did not say. */
  readonly failed: readonly { readonly uid: string | undefined; readonly reason: number | undefined }[]
  /** True if it has any attribute, so that a STOW-RS service wrote it. */
  readonly hasAttributes: boolean
}

const TAG = /^[0-9a-f]{8}$/i
const FAILED_SOP_SEQUENCE = '00081198'
const REFERENCED_SOP_SEQUENCE = '00081199'
/** Failures that belong to no instance by name (PS3.18 Table I.1-1). */
const OTHER_FAILURES_SEQUENCE = '0008119A'
const REFERENCED_SOP_INSTANCE_UID = '00081155'
const WARNING_REASON = '00081196'
const FAILURE_REASON = '00081197'

/** Reads a module in DICOM JSON (PS3.18 Annex F) or XML (PS3.19 Annex A). Returns undefined for any other text. */
export function readResponseModule(body: string): ResponseModule | undefined {
  const modules = jsonAttributes(body) ?? xmlAttributes(body)
  if (modules === undefined) return undefined
  const itemsOf = (tag: string): Attributes[] => modules.flatMap((module) => items(module, tag))
  return {
    hasAttributes: modules.some((module) => Object.keys(module).length > 0),
    stored: itemsOf(REFERENCED_SOP_SEQUENCE).flatMap((item) => {
      const uid = uidOf(item)
      return uid === undefined ? [] : [{ uid, warning: codeOf(item, WARNING_REASON) }]
    }),
    failed: [
      ...itemsOf(FAILED_SOP_SEQUENCE).map((item) => ({
        uid: uidOf(item),
        reason: codeOf(item, FAILURE_REASON),
      })),
      ...itemsOf(OTHER_FAILURES_SEQUENCE).map((item) => ({
        uid: undefined,
        reason: codeOf(item, FAILURE_REASON),
      })),
    ],
  }
}

/** Some servers wrap the one module in an array, as they do for the answers to queries. */
function jsonAttributes(body: string): Attributes[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
  if (parsed === null) return []
  const records = Array.isArray(parsed) ? parsed : [parsed]
  const modules = records.map(attributesOf)
  return modules.every((module) => module !== undefined) ? modules : undefined
}

/** Returns undefined for what is not a data set in JSON: a record of other names, such as a gateway's own error. */
function attributesOf(value: unknown): Attributes | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value).filter(([name]) => TAG.test(name))
  if (entries.length === 0 && Object.keys(value).length > 0) return undefined
  return Object.fromEntries(entries.map(([tag, element]) => [tag.toUpperCase(), valuesOf(element)]))
}

function valuesOf(element: unknown): unknown[] {
  const values: unknown = typeof element === 'object' && element !== null ? Reflect.get(element, 'Value') : []
  if (Array.isArray(values)) return values
  return values === undefined || values === null ? [] : [values]
}

function items(module: Attributes, tag: string): Attributes[] {
  return (module[tag] ?? []).flatMap((item) => {
    if (isAttributes(item)) return [item]
    return attributesOf(item) ?? []
  })
}

/** XML items are read already. */
function isAttributes(item: unknown): item is Attributes {
  return (
    typeof item === 'object' &&
    item !== null &&
    Object.entries(item).length > 0 &&
    Object.values(item).every(Array.isArray)
  )
}

function uidOf(item: Attributes): string | undefined {
  const [uid] = item[REFERENCED_SOP_INSTANCE_UID] ?? []
  return typeof uid === 'string' && uid.trim() !== '' ? uid.replaceAll('\0', '').trim() : undefined
}

function codeOf(item: Attributes, tag: string): number | undefined {
  const [value] = item[tag] ?? []
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const code = String(value).trim() === '' ? Number.NaN : Number(value)
  return Number.isInteger(code) && code >= 0 && code <= 0xffff ? code : undefined
}
