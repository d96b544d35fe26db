import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DataElement, ElementList } from '../../src/dicom/edit/data-set-tree.ts'
import type { Tag } from '../../src/dicom/vocabulary/tag.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { EXPLICIT_LITTLE } from './build-data-set.ts'

function made(tag: Tag): DataElement {
  const token = { tag, vr: 'LO', length: 0, bytes: Buffer.alloc(8), holds: 'value' as const }
  return new DataElement(token, EXPLICIT_LITTLE, Buffer.alloc(0))
}

const step = fc.record({
  kind: fc.constantFrom('append', 'append', 'append', 'remove', 'remove', 'find', 'insert', 'keep', 'look'),
  tag: fc.nat(20),
  at: fc.nat(300),
})

test('elements are found, removed and put in as in a plain array, few or many, however often a tag comes', () => {
  const property = fc.property(fc.nat(150), fc.array(step, { maxLength: 80 }), (begin, steps) => {
    const list = new ElementList(EXPLICIT_LITTLE)
    let plain: DataElement[] = []
    const answers: [is: unknown, isToBe: unknown][] = []
    const append = (tag: Tag): void => {
      const element = made(tag)
      list.append(element)
      plain.push(element)
    }
    for (let i = 0; i < begin; i++) append((i * 7) % 20)
    for (const { kind, tag, at } of steps) {
      const here = plain[at % Math.max(1, plain.length)]
      if (kind === 'append') append(tag)
      else if (kind === 'find') answers.push([list.find(tag), plain.find((one) => one.tag === tag)])
      else if (kind === 'look')
        answers.push(...list.elements.map((one, i) => [one, plain[i]] as [unknown, unknown]))
      else if (kind === 'keep') {
        list.keep((one) => one.tag !== tag)
        plain = plain.filter((one) => one.tag !== tag)
      } else if (kind === 'insert') {
        const element = made(tag)
        list.insert(element)
        const place = plain.findIndex((one) => one.tag > tag)
        plain = plain.toSpliced(place === -1 ? plain.length : place, 0, element)
      } else if (here !== undefined) {
        list.remove(here)
        plain = plain.filter((one) => one !== here)
      }
    }
    for (const [is, isToBe] of answers) expect(is).toBe(isToBe)
    expect(list.elements).toEqual(plain)
    expect(Buffer.concat(list.write())).toHaveLength(plain.length * 8)
  })
  fc.assert(property, { numRuns: propertyRuns(300) })
})

test('each of 300,000 elements is found and removed in turn, which does not take minutes', () => {
  const list = new ElementList(EXPLICIT_LITTLE)
  const elements = Array.from({ length: 300_000 }, (_, i) => made(i % 100_000))
  for (const element of elements) list.append(element)
  let found = 0
  for (const element of list.elements) {
    if (list.find(element.tag) === element) found++
    list.remove(element)
  }
  expect(found).toBe(300_000)
  expect(list.elements).toEqual([])
})
