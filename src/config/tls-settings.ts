import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { CrossProblem } from './checks/check-settings.ts'
import type { NamedFile } from './checks/named-files.ts'
import { listAt, textAt, valueAt } from './checks/yaml-places.ts'
import * as setting from './setting/setting.ts'

const DEFAULT_PORT = '2762'
const DEFAULT_PLAIN_PORT = '11112'
const DEFAULT_FILES = { certificate: 'tls/ferry.crt', key: 'tls/ferry.key', ca: 'tls/devices.crt' } as const

/** The port for DICOM over TLS, in addition to the plain one. */
export interface TlsSettings {
  readonly port: number
  /** Absolute paths of PEM files. */
  readonly certificate: string
  readonly key: string
  readonly ca: string
  readonly clientCertificates: 'required' | 'optional'
}

/** The section as in the file; undefined if it is read and switched off. */
export const tlsSchema = z
  .strictObject({
    enabled: setting.onOff('Whether devices can connect by DICOM over TLS').prefault('off'),
    port: setting.port('Port for DICOM over TLS; 2762 is registered for it').prefault(DEFAULT_PORT),
    certificate: setting
      .path(
        "Ferry's own certificate, then those between it and its authority (PEM); relative = beside this file",
      )
      .prefault(DEFAULT_FILES.certificate),
    key: setting.path('The key that belongs to it (PEM, without a password)').prefault(DEFAULT_FILES.key),
    ca: setting
      .path('Certificates of the authorities that devices are believed by, or of single devices (PEM)')
      .prefault(DEFAULT_FILES.ca),
    clientCertificates: setting
      .choice('Whether a device must have a certificate', ['required', 'optional'])
      .prefault('required'),
  })
  .transform(({ enabled, ...tls }): TlsSettings | undefined => (enabled ? tls : undefined))

/** Relative paths count from the folder of the configuration file. */
export function tlsBesideFile(tls: TlsSettings | undefined, path: string): TlsSettings | undefined {
  if (tls === undefined) return undefined
  const at = (file: string): string => resolve(dirname(path), file)
  return { ...tls, certificate: at(tls.certificate), key: at(tls.key), ca: at(tls.ca) }
}

/** The files that DICOM over TLS needs; none if it is switched off. */
export function tlsFiles(values: unknown): NamedFile[] {
  const tls = valueAt(values, ['listener', 'tls'])
  if (!isOn(textAt(tls, 'enabled'))) return []
  return Object.entries(DEFAULT_FILES).map(([key, name]) => ({
    path: ['listener', 'tls', key],
    name: textAt(tls, key) ?? name,
  }))
}

/** Finds both listeners on one port, no listener at all, and a device that needs TLS without a TLS listener. */
export function tlsProblems(values: unknown): CrossProblem[] {
  return [...portProblems(values), ...plainProblems(values), ...deviceProblems(values)]
}

function plainProblems(values: unknown): CrossProblem[] {
  const listener = valueAt(values, ['listener'])
  const found = textAt(listener, 'plain')
  if (found === undefined || isOn(found) || isOn(textAt(valueAt(listener, ['tls']), 'enabled'))) return []
  return [{ kind: 'conflict', path: ['listener', 'plain'], found, other: 'listener.tls.enabled: off' }]
}

function deviceProblems(values: unknown): CrossProblem[] {
  if (isOn(textAt(valueAt(values, ['listener', 'tls']), 'enabled'))) return []
  return listAt(values, ['devices']).flatMap((device, i) => {
    const conflict = (path: readonly string[], found: string): CrossProblem => ({
      kind: 'conflict',
      path: ['devices', i, ...path],
      found,
      other: 'listener.tls.enabled: off',
    })
    const listens = textAt(valueAt(device, ['dicom']), 'tls')
    const [demand, certificate] = [textAt(device, 'tls'), textAt(device, 'certificate')]
    return [
      ...(listens !== undefined && isOn(listens) ? [conflict(['dicom', 'tls'], listens)] : []),
      ...(demand === 'required' ? [conflict(['tls'], demand)] : []),
      ...(certificate === undefined ? [] : [conflict(['certificate'], certificate)]),
    ]
  })
}

const isOn = (text = 'off'): boolean => ['on', 'yes', 'true'].includes(text)

function portProblems(values: unknown): CrossProblem[] {
  const plain = textAt(valueAt(values, ['listener']), 'port') ?? DEFAULT_PLAIN_PORT
  const tls = valueAt(values, ['listener', 'tls'])
  const found = textAt(tls, 'port') ?? DEFAULT_PORT
  if (!isOn(textAt(tls, 'enabled')) || found !== plain) return []
  return [{ kind: 'conflict', path: ['listener', 'tls', 'port'], found, other: `listener.port: ${plain}` }]
}
