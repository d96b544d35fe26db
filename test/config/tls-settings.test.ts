import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { loadAgentSettings } from '../../src/config/agent-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('without a word about it there is no port for TLS', () => {
  expect(load('{}').listener.tls).toBeUndefined()
  expect(load('listener: {tls: {enabled: off, port: 11112}}').listener.tls).toBeUndefined()
})

test('switched on it is on the registered port, asks for certificates, and finds its files beside the file', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, 'listener: {tls: {enabled: on, ca: /etc/ssl/devices.pem}}')
  expect(loadAgentSettings(path).listener.tls).toEqual({
    port: 2762,
    certificate: folder.join('tls/ferry.crt'),
    key: folder.join('tls/ferry.key'),
    ca: '/etc/ssl/devices.pem',
    clientCertificates: 'required',
  })
})

test.each([
  ['listener: {port: 2762, tls: {enabled: on}}', '"2762" cannot be combined with listener.port: 2762'],
  ['listener: {tls: {enabled: on, port: 11112}}', '"11112" cannot be combined with listener.port: 11112'],
  [
    'devices: [{name: CT, aeTitle: CT1, dicom: {host: 10.0.0.1, tls: on}}]',
    '"on" cannot be combined with listener.tls.enabled: off',
  ],
  [
    'devices: [{name: CT, aeTitle: CT1, tls: required}]',
    '"required" cannot be combined with listener.tls.enabled: off',
  ],
  [
    'devices: [{name: CT, aeTitle: CT1, certificate: ct1}]',
    '"ct1" cannot be combined with listener.tls.enabled: off',
  ],
  ['listener: {plain: off}', '"off" cannot be combined with listener.tls.enabled: off'],
  ['listener: {tls: {enabled: on, clientCertificates: require}}', 'did you mean required?'],
  ['listener: {tls: {enabled: on, cert: x}}', 'there is no such setting'],
])('%s is a mistake that is named', (text, words) => {
  expect(() => load(text)).toThrow(words)
})

function load(text: string): ReturnType<typeof loadAgentSettings> {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, text)
  return loadAgentSettings(path)
}
