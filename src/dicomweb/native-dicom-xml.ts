/** The value of each attribute by its tag in upper case; a sequence has one record for each item. */
export type Attributes = Readonly<Record<string, readonly unknown[]>>

const TOKEN = /<(\/?)(?:\w+:)?(NativeDicomModel|DicomAttribute|Item|Value)\b([^>]*?)(\/?)>/g
const TAG = /\btag\s*=\s*["']([0-9a-f]{8})["']/i
/** A module has sequences of items, and nothing deeper is read. */
const DEPTH_LIMIT = 16

/** Reads data sets in the Native DICOM Model (PS3.19 §A.1). Returns undefined for any other text, and for a model that is cut. */
export function xmlAttributes(body: string): Attributes[] | undefined {
  const models: Attributes[] = []
  /** Values of the open attributes, and attributes of the open models and items, the innermost last. */
  const open: { name: string; values: unknown[]; attributes: Record<string, unknown[]> }[] = []
  let textFrom = 0
  for (const match of body.matchAll(TOKEN)) {
    const [token, closing, name = '', rest = '', empty] = match
    if (closing === '') {
      if (open.length === 0 && name !== 'NativeDicomModel') return undefined
      if (open.length >= DEPTH_LIMIT) return undefined
      const tag = TAG.exec(rest)?.[1]?.toUpperCase()
      const values: unknown[] = []
      const holder = open.at(-1)
      if (name === 'DicomAttribute' && tag !== undefined && holder !== undefined)
        holder.attributes[tag] = values
      open.push({ name, values, attributes: {} })
      textFrom = match.index + token.length
    }
    if (closing === '/' || empty === '/') {
      const ended = open.pop()
      if (ended?.name !== name) return undefined
      if (name === 'NativeDicomModel') models.push(ended.attributes)
      if (name === 'Item') open.at(-1)?.values.push(ended.attributes)
      if (name === 'Value') open.at(-1)?.values.push(body.slice(textFrom, match.index).trim())
    }
  }
  return models.length > 0 && open.length === 0 ? models : undefined
}
