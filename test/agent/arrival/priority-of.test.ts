import { expect, test } from '@jest/globals'
import { DeviceList } from '../../../src/agent/arrival/device-list.ts'
import { priorityOf } from '../../../src/agent/arrival/priority-of.ts'

const DEVICES = [
  { name: 'Emergency', aeTitle: 'DR1', addresses: [], kind: 'DX' },
  { name: 'Ward', aeTitle: 'CT1', addresses: ['10.0.0.1'], kind: 'CT' },
  { name: 'Trauma', aeTitle: 'CT1', addresses: ['10.0.0.2'], kind: 'CT' },
]

test.each([
  [['DX'], ['DR1']],
  [['DR1'], ['DR1']],
  [['Trauma'], ['CT1']],
  [
    ['CT', 'Emergency'],
    ['DR1', 'CT1'],
  ],
  [[], []],
])('with %j these callers have priority: %j', (named, callers) => {
  const hasPriority = priorityOf(new DeviceList(DEVICES, true, ['FERRY']), named)
  expect(['DR1', 'CT1', 'US1'].filter((callingAeTitle) => hasPriority({ callingAeTitle }))).toEqual(callers)
})

test('a device that is added later has the priority of its kind', () => {
  const list = new DeviceList([], true, ['FERRY'])
  const hasPriority = priorityOf(list, ['DX'])
  expect(hasPriority({ callingAeTitle: 'DR1' })).toBe(false)
  list.replace(DEVICES, true)
  expect(hasPriority({ callingAeTitle: 'DR1' })).toBe(true)
})
