import { expect, test } from '@jest/globals'
import { type Route, routesFor } from '../../../src/agent/deidentify/rules/routes-for.ts'

const ROUTES: readonly Route[] = [
  { name: 'care', profile: undefined },
  { name: 'teaching', profile: 'teaching', when: { modality: 'US', device: 'US room' } },
  { name: 'research', profile: 'strict', when: { sopClassUid: '1.2' } },
]

const namesFor = (modality: string, device: string | undefined, sopClassUid = '1.3'): string[] =>
  routesFor(ROUTES, { source: { device, callingAeTitle: 'US1' }, modality, sopClassUid }).map(
    ({ name }) => name,
  )

test('an instance takes every route of which all conditions hold', () => {
  expect(namesFor('US', 'US room', '1.2')).toEqual(['care', 'teaching', 'research'])
  expect(namesFor('US', 'US room')).toEqual(['care', 'teaching'])
  expect(namesFor('CT', 'US room')).toEqual(['care'])
  expect(namesFor('US', undefined)).toEqual(['care'])
})
