import { SaxesParser } from 'saxes'
import { Failure } from '../../../platform/failure.ts'
import type { OrderRecord } from './order-record.ts'

const DEEPEST = 16

interface OpenElement {
  readonly name: string
  readonly children: Map<string, unknown[]>
  text: string
}

/**
 * Reads the XML of lists of orders and returns the root's content as groups: an element that occurs again becomes a list, an
 * element without children and attributes its text. Prefixes of namespaces are left out. A document type declaration is
 * refused, so no entity but the five of XML exists. Throws ORDERS_INVALID.
 */
export function readXml(text: string): OrderRecord {
  const open: OpenElement[] = [{ name: '', children: new Map(), text: '' }]
  const parser = new SaxesParser()
  parser.on('error', () => refuse('it is not well-formed'))
  parser.on('doctype', () => refuse('a document type declaration'))
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length > DEEPEST) refuse(`elements more than ${DEEPEST} deep`)
    const own = Object.entries<string>(attributes).filter(([key]) => !key.startsWith('xmlns'))
    const children = new Map<string, unknown[]>(own.map(([key, value]) => [localName(key), [value]]))
    open.push({ name: localName(name), children, text: '' })
  })
  const add = (piece: string): void => {
    const element = open.at(-1)
    if (element !== undefined) element.text += piece
  }
  parser.on('text', add)
  parser.on('cdata', add)
  parser.on('closetag', () => close(open))
  parser.write(text).close()
  const root = open[0]?.children.values().next().value?.[0]
  if (typeof root !== 'object' || root === null) return refuse('the root element has only text')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- contentOf returns a text or a group
  return root as OrderRecord
}

function close(open: OpenElement[]): void {
  const element = open.pop()
  const parent = open.at(-1)
  if (element === undefined || parent === undefined) return
  const namesakes = parent.children.get(element.name)
  if (namesakes === undefined) parent.children.set(element.name, [contentOf(element)])
  else namesakes.push(contentOf(element))
}

function contentOf({ children, text }: OpenElement): unknown {
  if (children.size === 0) return text.trim()
  return Object.fromEntries(
    Array.from(children, ([key, values]) => [key, values.length === 1 ? values[0] : values]),
  )
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

function refuse(found: string): never {
  throw new Failure('ORDERS_INVALID', `reading XML: ${found}`)
}
