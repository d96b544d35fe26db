import { expect, test } from '@jest/globals'
import { checkReceipt } from '../../../src/agent/settle/check-receipt.ts'
import type { Manifest } from '../../../src/protocol/manifest.ts'
import type { Receipt } from '../../../src/protocol/receipt.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'

const sha = (digit: string): string => digit.repeat(64)
const instance = (ulid: string) => ({
  ulid: ulid as Ulid,
  sopInstanceUid: `1.2.${ulid.length}`,
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  dataSetBytes: 10,
  dataSetSha256: sha('a'),
  sealedBytes: 20,
  sealedSha256: sha('b'),
})
const manifest: Manifest = {
  format: 'ferry-manifest/3',
  suite: 1,
  agent: sha('1'),
  study: '1.2',
  version: 2,
  part: 1,
  parts: 1,
  previous: sha('2'),
  createdAt: '2026-01-01T00:00:00.000Z',
  heldCount: 0,
  instances: [instance('A'), instance('B')],
}
const digest = sha('d')
const center = sha('c')
const receipt: Receipt = {
  format: 'ferry-receipt/3',
  suite: 1,
  center,
  agent: manifest.agent,
  study: manifest.study,
  version: manifest.version,
  part: manifest.part,
  parts: manifest.parts,
  manifest: digest,
  receiptedAt: '2026-01-01T00:00:01.000Z',
  counter: 7,
  previous: 'c'.repeat(64),
  instances: manifest.instances.map((listed) => ({ ...listed, pacs: 'accepted' })),
}

test('a receipt that says of every instance what we know of it is believed', () => {
  expect(() => checkReceipt(receipt, manifest, digest, center)).not.toThrow()
})

const first = receipt.instances[0] as Receipt['instances'][number]
const second = receipt.instances[1] as Receipt['instances'][number]
const untrue: [string, Partial<Receipt>][] = [
  ['another center', { center: sha('e') }],
  ['another agent', { agent: sha('e') }],
  ['another study', { study: '1.3' }],
  ['another version', { version: 1 }],
  ['another part', { part: 2 }],
  ['another number of parts', { parts: 2 }],
  ['another manifest', { manifest: sha('e') }],
  ['one instance too few', { instances: [first] }],
  ['one instance too many', { instances: [first, second, { ...second, ulid: 'C' as Ulid }] }],
  ['an instance that we do not know', { instances: [first, { ...second, ulid: 'C' as Ulid }] }],
  ['one instance twice', { instances: [first, first] }],
  ...(['sopInstanceUid', 'dataSetSha256', 'sealedSha256'] as const).map(
    (field): [string, Partial<Receipt>] => [
      `another ${field}`,
      { instances: [first, { ...second, [field]: sha('f') }] },
    ],
  ),
  ...(['dataSetBytes', 'sealedBytes'] as const).map((field): [string, Partial<Receipt>] => [
    `another ${field}`,
    { instances: [first, { ...second, [field]: 11 }] },
  ]),
]

test.each(untrue)('a receipt with %s is an alarm, not a delivery', (_what, change) => {
  expect(() => checkReceipt({ ...receipt, ...change }, manifest, digest, center)).toThrow(
    expect.objectContaining({ code: 'RECEIPT_MISMATCH' }),
  )
})
