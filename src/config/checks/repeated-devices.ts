import { childAt, type Path } from '../yaml/yaml-values.ts'
import type { Repetition } from './check-settings.ts'

/**
 * Two devices of one name; two that could not be told apart, because the AE title is the same and an address too (or one
 * of them has none, so that it may call from anywhere); an address or called AE title that is listed twice. The same AE
 * title at different addresses is common in clinics and no problem.
 */
export function repeatedDevices(values: unknown): Repetition[] {
  const devices = listAt(values, 'devices')
  const repetitions = [
    ...repeatedIn(listAt(childAt(values, 'listener'), 'aeTitles'), ['listener', 'aeTitles']),
    ...repeatedIn(listAt(values, 'recipients'), ['recipients']),
  ]
  for (const [i, device] of devices.entries()) {
    const earlier = devices.slice(0, i)
    const addresses = listAt(device, 'addresses')
    repetitions.push(...repeatedIn(addresses, ['devices', i, 'addresses']))
    const [name, aeTitle] = [textOf(childAt(device, 'name')), textOf(childAt(device, 'aeTitle'))]
    const namesake = earlier.findIndex(
      (other) => name !== undefined && textOf(childAt(other, 'name')) === name,
    )
    if (namesake >= 0 && name !== undefined) repetitions.push(pair(i, namesake, 'name', name))
    const double = earlier.findIndex(
      (other) =>
        textOf(childAt(other, 'aeTitle')) === aeTitle && overlap(addresses, listAt(other, 'addresses')),
    )
    if (double >= 0 && aeTitle !== undefined) repetitions.push(pair(i, double, 'aeTitle', aeTitle))
  }
  return repetitions
}

function pair(at: number, earlier: number, key: string, found: string): Repetition {
  return { path: ['devices', at, key], first: ['devices', earlier, key], found }
}

function repeatedIn(list: readonly unknown[], path: Path): Repetition[] {
  return list.flatMap((item, i) => {
    const found = textOf(item)
    const first = list.findIndex((other) => textOf(other) === found)
    return found === undefined || first === i ? [] : [{ path: [...path, i], first: [...path, first], found }]
  })
}

function overlap(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === 0 || others.length === 0 || some.some((address) => others.includes(address))
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = childAt(value, key)
  return Array.isArray(list) ? list : []
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value.trim() : undefined)
