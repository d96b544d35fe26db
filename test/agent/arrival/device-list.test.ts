import { expect, test } from '@jest/globals'
import { DeviceList } from '../../../src/agent/arrival/device-list.ts'

const devices = [
  { name: 'CT room 1', aeTitle: 'CT1', addresses: ['192.168.1.20', '10.1.0.0/16', 'fd00::5'] },
  { name: 'Ultrasound', aeTitle: 'US1', addresses: [] },
]

test.each(['192.168.1.20', '10.1.77.3', 'fd00::5'])(
  'a device is let in from its own address %s',
  (address) => {
    expect(new DeviceList(devices, false).admit('CT1', address)).toMatchObject({
      admitted: true,
      device: devices[0],
    })
  },
)

test('a device with no address in the list is let in from anywhere', () => {
  expect(new DeviceList(devices, false).admit('US1', '203.0.113.9').admitted).toBe(true)
})

test('a known AE title from another address is turned away, also where strangers are let in', () => {
  expect(new DeviceList(devices, true).admit('CT1', '10.2.0.1')).toEqual({
    admitted: false,
    reason: 'the device list knows CT1 only from 192.168.1.20, 10.1.0.0/16, fd00::5',
  })
})

test('a stranger is turned away unless the configuration lets strangers in; the case of letters counts', () => {
  expect(new DeviceList(devices, false).admit('ct1', '192.168.1.20')).toEqual({
    admitted: false,
    reason: 'the device list has no AE title ct1',
  })
  expect(new DeviceList(devices, true).admit('NEW', '203.0.113.9').admitted).toBe(true)
})
