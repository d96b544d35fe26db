import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { checkingSchema } from '../../src/config/checking-settings.ts'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { CONTROL_PATHS, type ImportedView, importedSchema } from '../../src/protocol/control-api.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import type { RawInstance } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic, testSettings } from '../support/programs/clinic.ts'

async function* inPieces(bytes: Buffer, pieceBytes = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    // One turn of the event loop, as a read from a disk takes.
    await new Promise((resolve) => setImmediate(resolve))
    yield bytes.subarray(at, at + pieceBytes)
  }
}

async function give(
  { settings }: Pick<Clinic, 'settings'>,
  instance: RawInstance,
  dataSet: AsyncIterable<Buffer> = inPieces(instance.dataSet),
): Promise<ImportedView> {
  const query = new URLSearchParams({
    class: instance.sopClassUid,
    instance: instance.sopInstanceUid,
    syntax: instance.transferSyntaxUid,
    calling: 'FERRY-IMPORT',
  })
  const path = `${CONTROL_PATHS.importInstance}?${query.toString()}`
  return (await new ControlClient(settings.dataFolder).send(importedSchema, path, dataSet)).value
}

const TAKEN = { status: 0, isKnown: false, isHeld: false, code: null, reason: null }

test('an instance that comes by the control socket is taken once, known the second time, and confirmed', async () => {
  await using clinic = await openClinic()
  const instance = inventedInstance(3_000_000)
  expect(await give(clinic, instance)).toMatchObject(TAKEN)
  expect(await give(clinic, instance)).toMatchObject({ status: 0, isKnown: true })
  expect(await allSettled(clinic)).toMatchObject({ confirmed: 1, held: 0 })
}, 60_000)

test('a cut data set is refused with its findings, and one that a check holds is safe and held', async () => {
  const checking = checkingSchema.parse({ patientMissing: 'hold' })
  await using clinic = await openClinic({ settings: { checking } })
  const instance = inventedInstance(50_000)
  const cut = { ...instance, dataSet: instance.dataSet.subarray(0, 30_000) }
  expect(await give(clinic, cut)).toMatchObject({
    isKnown: false,
    isHeld: false,
    findings: expect.arrayContaining(['truncated']),
    code: 'CHECK_REFUSED',
    reason: expect.stringContaining('truncated'),
  })
  expect(await give(clinic, instance)).toMatchObject({ status: 0, isHeld: true, code: null })
}, 60_000)

test('an instance whose bytes break off is not taken', async () => {
  await using clinic = await openClinic()
  const instance = inventedInstance(400_000)
  async function* broken(): AsyncGenerator<Buffer> {
    yield* inPieces(instance.dataSet.subarray(0, 250_000))
    throw new Error('the disc is scratched')
  }
  await expect(give(clinic, instance, broken())).rejects.toThrow('the disc is scratched')
  expect(clinic.agent.service.status().deliveries).toMatchObject({ queued: 0, sending: 0, confirmed: 0 })
  // The control: all of the same bytes.
  expect(await give(clinic, instance)).toMatchObject({ status: 0, isKnown: false })
}, 60_000)

test('a refusal is answered before the bytes have ended', async () => {
  const limits = { ...testSettings('').limits, instanceBytes: 1_000_000 }
  await using clinic = await openClinic({ settings: { limits } })
  const instance = inventedInstance(1000)
  async function* endless(): AsyncGenerator<Buffer> {
    yield instance.dataSet
    for (let piece = 0; piece < 100; piece++) {
      await new Promise((resolve) => setImmediate(resolve))
      yield randomBytes(100_000)
    }
  }
  expect(await give(clinic, instance, endless())).toMatchObject({ code: 'INSTANCE_TOO_LARGE' })
}, 60_000)

async function* inBursts(): AsyncGenerator<Buffer> {
  for (let burst = 0; burst < 20; burst++) {
    // Each burst meets the connection in another state.
    await new Promise((resolve) => setImmediate(resolve))
    yield randomBytes(20_000)
  }
}

test('an answer that comes before the first byte is not lost behind the bytes that follow', async () => {
  const limits = { ...testSettings('').limits, reserveBytes: 2 ** 60 }
  await using clinic = await openClinic({ settings: { limits } })
  const instance = inventedInstance(1000)
  for (let attempt = 0; attempt < 100; attempt++) {
    await expect(give(clinic, instance, inBursts())).rejects.toThrow('reserve')
  }
}, 60_000)
