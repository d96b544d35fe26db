import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Device } from '../../src/agent/arrival/device-list.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { dataPdu, pdv, RawAssociation, storeCommand } from '../support/peers/raw-association.ts'
import type { RawInstance } from '../support/peers/send-instances.ts'
import {
  type Cutting,
  contextOf,
  noiseInstance,
  type SimulatedDevice,
  sendAs,
} from '../support/peers/simulated-device.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'

const KIB = 1024
const CT = '1.2.840.10008.5.1.4.1.1.2'
const MR = '1.2.840.10008.5.1.4.1.1.4'
const US = '1.2.840.10008.5.1.4.1.1.6.1'
const SC = '1.2.840.10008.5.1.4.1.1.7'
const PRIVATE_CLASS = '1.3.12.2.1107.5.9.1'
const PRIVATE_SYNTAX = '1.2.840.113619.5.2.99'

const {
  ImplicitVRLittleEndian,
  ExplicitVRLittleEndian,
  ExplicitVRBigEndian,
  DeflatedExplicitVRLittleEndian,
  JPEGBaseline8Bit,
  JPEGLosslessSV1,
  JPEG2000Lossless,
  JPEGLSLossless,
  RLELossless,
  MPEG4HP41,
} = TRANSFER_SYNTAX

interface Plan {
  readonly aeTitle: string
  /** Both the longest PDU that is announced to the device, and what it makes of it. */
  readonly cutting: Cutting
  /** The length that the device announces; 0 = any length. */
  readonly announced: number
  readonly kinds: readonly (readonly [sopClassUid: string, transferSyntaxUid: string])[]
  readonly pixelBytes: number
}

const plan = (
  aeTitle: string,
  announced: number,
  cutting: Cutting,
  pixelBytes: number,
  ...kinds: Plan['kinds']
): Plan => ({ aeTitle, cutting, announced, kinds, pixelBytes })

/** All plans differ, and the same context IDs mean other classes and syntaxes in each. */
const PLANS: readonly Plan[] = [
  plan(
    'CT1',
    4 * KIB,
    { pduBytes: 4 * KIB, pdvs: 'one' },
    100_000,
    [CT, ImplicitVRLittleEndian],
    [SC, RLELossless],
  ),
  plan(
    'MR1',
    8 * KIB,
    { pduBytes: 8 * KIB, pdvs: 'many', fragmentBytes: 997 },
    100_000,
    [MR, ExplicitVRLittleEndian],
    [MR, ImplicitVRLittleEndian],
  ),
  plan(
    'U',
    16 * KIB,
    { pduBytes: 16 * KIB, pdvs: 'many', joined: true },
    50_000,
    [US, JPEGBaseline8Bit],
    [US, ExplicitVRLittleEndian],
    [SC, JPEGBaseline8Bit],
  ),
  plan(
    'SIXTEEN_LETTERS1',
    16_382,
    { pduBytes: 16_382, pdvs: 'one', joined: true },
    70_001,
    [SC, ExplicitVRBigEndian],
    [CT, ExplicitVRBigEndian],
  ),
  plan(
    'CT ROOM 2',
    32 * KIB,
    { pduBytes: 32 * KIB, pdvs: 'one', emptyEnd: true },
    90_000,
    [CT, JPEGLosslessSV1],
    [CT, ImplicitVRLittleEndian],
    [CT, ExplicitVRLittleEndian],
  ),
  plan(
    'BYTEWISE',
    4 * KIB,
    { pduBytes: 4 * KIB, pdvs: 'many', fragmentBytes: 1, commandFragmentBytes: 1 },
    500,
    [CT, ExplicitVRLittleEndian],
    [US, JPEGBaseline8Bit],
  ),
  plan(
    'BYTE-PDUS',
    0,
    { pduBytes: 4 * KIB, pdvs: 'one', fragmentBytes: 1 },
    200,
    [SC, JPEGLSLossless],
    [SC, ImplicitVRLittleEndian],
  ),
  plan(
    'DX1',
    64 * KIB,
    { pduBytes: 64 * KIB, pdvs: 'many', fragmentBytes: 3 * KIB, joined: true },
    400_000,
    [SC, JPEG2000Lossless],
    [CT, JPEG2000Lossless],
  ),
  plan(
    'XA1',
    128 * KIB,
    { pduBytes: 128 * KIB, pdvs: 'one', commandFragmentBytes: 7 },
    500_000,
    [MR, ImplicitVRLittleEndian],
    [CT, ImplicitVRLittleEndian],
  ),
  plan(
    'MG1',
    256 * KIB,
    { pduBytes: 256 * KIB, pdvs: 'one' },
    900_000,
    [SC, ExplicitVRLittleEndian],
    [MR, RLELossless],
  ),
  plan(
    'PT1',
    512 * KIB,
    { pduBytes: 512 * KIB, pdvs: 'many', fragmentBytes: 65_521 },
    900_000,
    [CT, DeflatedExplicitVRLittleEndian],
    [MR, ExplicitVRLittleEndian],
  ),
  plan(
    'NM1',
    KIB * KIB,
    { pduBytes: KIB * KIB, pdvs: 'one', joined: true },
    1_500_000,
    [MR, ExplicitVRBigEndian],
    [US, RLELossless],
    [SC, ImplicitVRLittleEndian],
  ),
  plan(
    'ANY',
    0,
    { pduBytes: KIB * KIB, pdvs: 'many', joined: true },
    1_200_000,
    [CT, ExplicitVRLittleEndian],
    [SC, MPEG4HP41],
  ),
  plan(
    'OLD-FILM',
    0,
    { pduBytes: 4 * KIB, pdvs: 'many', fragmentBytes: 13, joined: true, emptyEnd: true },
    5_000,
    [SC, ImplicitVRLittleEndian],
    [US, ImplicitVRLittleEndian],
  ),
  plan(
    'PRIVATE',
    20_000,
    { pduBytes: 20_000, pdvs: 'one' },
    60_000,
    [PRIVATE_CLASS, PRIVATE_SYNTAX],
    [PRIVATE_CLASS, ExplicitVRLittleEndian],
    [CT, PRIVATE_SYNTAX],
  ),
  plan(
    'ct1',
    30_000,
    { pduBytes: 30_000, pdvs: 'many', fragmentBytes: 29, commandFragmentBytes: 29, joined: true },
    20_000,
    [MR, JPEGLosslessSV1],
    [CT, JPEGBaseline8Bit],
  ),
]
const ROUNDS = 3

const deviceOf = ({ aeTitle, cutting, announced, kinds }: Plan): SimulatedDevice => ({
  aeTitle,
  cutting,
  announcedPduBytes: announced,
  kinds: kinds.map(([sopClassUid, transferSyntaxUid]) => ({ sopClassUid, transferSyntaxUid })),
})

/** The contexts take turns, each message in another than the one before. */
const instancesOf = ({ kinds, pixelBytes }: Plan): RawInstance[] =>
  Array.from({ length: ROUNDS }, () =>
    kinds.map(([sopClass, syntax]) => noiseInstance(sopClass, syntax, pixelBytes)),
  ).flat()

const listed = ({ aeTitle, cutting: { pduBytes } }: Plan): Device => ({
  name: `device ${aeTitle}`,
  aeTitle,
  addresses: [],
  quirks: { pduBytes },
})

test('sixteen devices send at once, each in its own way, and nothing is mixed up', async () => {
  await using clinic = await openClinic({
    settings: { devices: PLANS.map(listed), unknownDevices: 'reject' },
  })
  const all = PLANS.map((one) => ({ device: deviceOf(one), instances: instancesOf(one) }))
  expect(all).toHaveLength(16)
  const answers = await Promise.all(
    all.map(({ device, instances }) => sendAs(device, clinic.agent.port, instances)),
  )
  for (const [i, { device, instances }] of all.entries()) {
    expect(answers[i]).toMatchObject(
      instances.map((instance, k) => ({
        contextId: contextOf(device, instance),
        commandField: 0x8001,
        messageId: k + 1,
        status: 0,
      })),
    )
  }
  await allSettled(clinic, 180_000)
  const stored = storedAtCenter(join(clinic.folder, 'center')).map((one) =>
    [one.sopInstanceUid, one.transferSyntaxUid, one.dataSetSha256].join(' '),
  )
  const sent = all.flatMap(({ instances }) =>
    instances.map(({ sopInstanceUid, transferSyntaxUid, dataSet }) =>
      [sopInstanceUid, transferSyntaxUid, sha256(dataSet)].join(' '),
    ),
  )
  expect(stored.toSorted()).toEqual(sent.toSorted())
  // Each device has sent random sizes, so its sum of bytes differs from the others.
  const counted = clinic.agent.service
    .devices()
    .devices.map(({ callingAeTitle, instances, bytes, rejections }) => ({
      callingAeTitle,
      instances,
      bytes,
      rejections,
    }))
  expect(counted).toHaveLength(16)
  expect(counted).toEqual(
    expect.arrayContaining(
      all.map(({ device, instances }) => ({
        callingAeTitle: device.aeTitle,
        instances: instances.length,
        bytes: instances.reduce((sum, { dataSet }) => sum + dataSet.length, 0),
        rejections: 0,
      })),
    ),
  )
}, 120_000)

test('a data set that goes on in the context of another ends the association, and nothing of it is kept', async () => {
  await using clinic = await openClinic()
  const instance = noiseInstance(CT, ExplicitVRLittleEndian, 10_000)
  const half = instance.dataSet.length / 2
  const association = await RawAssociation.open(clinic.agent.port, {
    contexts: [
      { id: 1, abstractSyntax: CT, transferSyntaxes: [ExplicitVRLittleEndian] },
      { id: 3, abstractSyntax: MR, transferSyntaxes: [ExplicitVRLittleEndian] },
    ],
  })
  const { sopClassUid: sopClass, sopInstanceUid: sopInstance, dataSet } = instance
  await association.send(
    dataPdu(pdv(1, 3, storeCommand({ sopClass, sopInstance })), pdv(1, 0, dataSet.subarray(0, half))),
    dataPdu(pdv(3, 2, dataSet.subarray(half))),
  )
  const answer = await association.next()
  expect(answer === 'closed' ? answer : answer.type).toBe(7)
  association.close()
  const { deliveries } = clinic.agent.service.status()
  expect(Object.values(deliveries)).toEqual(Object.values(deliveries).map(() => 0))
})
