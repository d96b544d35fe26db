import { isMap, isPair, isScalar, isSeq, parseDocument, type YAMLSeq } from 'yaml'

/** A device as it is added to the file. */
export interface NewDevice {
  readonly name: string
  readonly aeTitle: string
  readonly kind?: string
  readonly addresses?: readonly string[]
}

/** Returns the device as values of the file. */
export function fileValues({ name, aeTitle, kind, addresses = [] }: NewDevice): object {
  return {
    name,
    aeTitle,
    ...(kind !== undefined && { kind }),
    ...(addresses.length > 0 && { addresses: [...addresses] }),
  }
}

/** Texts in double quotes, which JSON and YAML share, so that 0123, 1E5 and `yes` stay texts. */
function deviceLines({ name, aeTitle, kind, addresses = [] }: NewDevice): string[] {
  return [
    `- name: ${JSON.stringify(name)}`,
    `  aeTitle: ${JSON.stringify(aeTitle)}`,
    ...(kind === undefined ? [] : [`  kind: ${JSON.stringify(kind)}`]),
    ...(addresses.length === 0
      ? []
      : [`  addresses: [${addresses.map((one) => JSON.stringify(one)).join(', ')}]`]),
  ]
}

/**
 * Returns the source with the device at the end of its list; everything else stays, to the byte. The result may need a
 * check: see edit-devices.ts.
 */
export function withDevice(source: string, device: NewDevice): string {
  const newline = source.includes('\r\n') ? '\r\n' : '\n'
  const block = (indent: number): string =>
    deviceLines(device)
      .map((line) => `${newline}${' '.repeat(indent)}${line}`)
      .join('')
  const place = findDevices(source)
  if (place === undefined) {
    const end = source.trimEnd().length
    const gap = end === 0 ? '' : newline
    return `${source.slice(0, end)}${gap}devices:${block(2)}${newline}`
  }
  const { list, keyEnd } = place
  if (list === undefined) return insert(source, pastComments(source, lineEnd(source, keyEnd)), block(2))
  const [start = 0, end = 0] = list.range ?? []
  if (!list.flow) return insert(source, lineEnd(source, lastOffset(list)), block(columnOf(source, start)))
  if (list.items.length === 0) {
    const emptied = source.slice(0, start).trimEnd() + source.slice(end)
    return insert(emptied, lineEnd(emptied, keyEnd), block(2))
  }
  return insert(source, lastOffset(list), `, ${JSON.stringify(fileValues(device))}`)
}

/** Returns the source without the device at that place of its list; unchanged if the device is not on its own lines. */
export function withoutDevice(source: string, at: number): string {
  const list = findDevices(source)?.list
  const item = list?.items[at]
  if (list === undefined || list.flow || !isMap(item)) return source
  // From the end of the line before its first comment line or its dash to the end of its own last line.
  const dash = source.lastIndexOf('-', item.range?.[0] ?? 0)
  return (
    source.slice(0, Math.max(0, lineStart(source, dash) - 1)) +
    source.slice(lineEnd(source, lastOffset(item)))
  )
}

interface DevicesPlace {
  /** After the key's colon. */
  readonly keyEnd: number
  /** Undefined if nothing is there. */
  readonly list: YAMLSeq | undefined
}

function findDevices(source: string): DevicesPlace | undefined {
  const { contents } = parseDocument(source, { schema: 'failsafe' })
  if (!isMap(contents)) return undefined
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'devices')
  if (pair === undefined || !isScalar(pair.key)) return undefined
  return {
    keyEnd: (pair.key.range?.[1] ?? 0) + 1,
    list: isSeq(pair.value) ? pair.value : undefined,
  }
}

/** After the last character of the last value inside, without the comments that follow. */
function lastOffset(node: unknown): number {
  if (isPair(node)) return Math.max(lastOffset(node.key), lastOffset(node.value))
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0)
    return lastOffset(node.items.at(-1))
  // Inside the brackets of the list itself, after those of its contents.
  if (isSeq(node) && node.flow) return (node.range?.[1] ?? 1) - 1
  if (isMap(node) || isScalar(node)) return node.range?.[1] ?? 0
  return 0
}

const insert = (source: string, at: number, text: string): string =>
  source.slice(0, at) + text + source.slice(at)

function lineStart(source: string, offset: number): number {
  return source.lastIndexOf('\n', offset - 1) + 1
}

/** Before the line's newline. */
function lineEnd(source: string, offset: number): number {
  const end = source.indexOf('\n', offset)
  if (end < 0) return source.length
  return source[end - 1] === '\r' ? end - 1 : end
}

/** Returns the offset after the indented comment lines that follow, so that an example there stays above. */
function pastComments(source: string, offset: number): number {
  const comments = /^(?:\r?\n[ \t]+#[^\n]*)*/.exec(source.slice(offset))?.[0] ?? ''
  return offset + comments.replace(/\r$/, '').length
}

function columnOf(source: string, offset: number): number {
  return offset - lineStart(source, offset)
}
