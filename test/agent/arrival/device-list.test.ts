import { expect, test } from '@jest/globals'
import { type Admission, DeviceList } from '../../../src/agent/arrival/device-list.ts'

const devices = [
  { name: 'CT room 1', aeTitle: 'CT1', addresses: ['192.168.1.20', '10.1.0.0/16', 'fd00::5'] },
  { name: 'Ultrasound', aeTitle: 'US1', addresses: [], calledAeTitles: ['OLDPACS'] },
]

function admit(
  callingAeTitle: string,
  peerAddress: string,
  { acceptUnknown = false, calledAeTitle = 'FERRY' } = {},
): Admission {
  const list = new DeviceList(devices, acceptUnknown, ['FERRY'])
  return list.admit({ callingAeTitle, calledAeTitle, peerAddress })
}

test.each(['192.168.1.20', '10.1.77.3', 'fd00::5'])(
  'a device is let in from its own address %s',
  (address) => {
    expect(admit('CT1', address)).toEqual({ admitted: true, device: devices[0] })
  },
)

test('a device with no address in the list is let in from anywhere', () => {
  expect(admit('US1', '203.0.113.9').admitted).toBe(true)
})

test('a known AE title from another address is turned away, also where strangers are let in', () => {
  expect(admit('CT1', '10.2.0.1', { acceptUnknown: true })).toMatchObject({
    admitted: false,
    device: devices[0],
    refusal: {
      kind: 'address',
      reason: 'the device list knows CT1 only from 192.168.1.20, 10.1.0.0/16, fd00::5',
      rejection: { words: 'calling AE title not recognized' },
    },
  })
})

test('a stranger is turned away unless the configuration lets strangers in; the case of letters counts', () => {
  expect(admit('ct1', '192.168.1.20')).toMatchObject({
    admitted: false,
    device: undefined,
    refusal: { kind: 'unknown', reason: 'the device list has no AE title ct1' },
  })
  expect(admit('NEW', '203.0.113.9', { acceptUnknown: true }).admitted).toBe(true)
})

test('an AE title that is not ours is answered for the one device that still calls it', () => {
  expect(admit('US1', '10.0.0.1', { calledAeTitle: 'OLDPACS' }).admitted).toBe(true)
  expect(admit('CT1', '192.168.1.20', { calledAeTitle: 'OLDPACS' })).toMatchObject({
    admitted: false,
    refusal: {
      kind: 'called',
      reason: 'it called OLDPACS, and this is FERRY',
      rejection: { words: 'called AE title not recognized' },
    },
  })
})

test('a list that is replaced counts for the next caller', () => {
  const list = new DeviceList([], false, ['FERRY'])
  const caller = { callingAeTitle: 'CT1', calledAeTitle: 'FERRY', peerAddress: '192.168.1.20' }
  expect(list.admit(caller).admitted).toBe(false)
  list.replace(devices, false)
  expect(list.admit(caller).admitted).toBe(true)
})

test('a caller that gave no name is taken for the one device that is listed with its address', () => {
  const list = new DeviceList(devices, false, ['FERRY'])
  expect(list.onlyOneAt('10.1.9.9')?.aeTitle).toBe('CT1')
  expect(list.onlyOneAt('172.16.0.1')).toBeUndefined()
})
