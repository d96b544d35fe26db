import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Device } from '../../src/agent/arrival/device-list.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { dataPdu, echoCommand, pdv, RawAssociation } from '../support/peers/raw-association.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { openClinic } from '../support/programs/clinic.ts'
import { TRICKLERS } from './fault-sizes.ts'
import { startTricklers } from './support/start-tricklers.ts'

const ROUNDS = 5
const LIMIT_MS = 5000
const TWO = ['127.0.0.66', '127.0.0.67']
const MANY = Array.from({ length: 250 }, (_, i) => `127.0.3.${i + 1}`)

const group = process.platform === 'linux' ? describe : describe.skip

group('connections that ask for no association', () => {
  test.each<[number, string, readonly string[], string, Pick<Device, 'addresses'>]>([
    [260, 'two addresses', TWO, 'from anywhere', { addresses: [] }],
    [TRICKLERS, 'two addresses', TWO, 'from anywhere', { addresses: [] }],
    [
      TRICKLERS,
      'two addresses, its own among them',
      ['127.0.0.1', '127.0.0.66'],
      'from anywhere',
      { addresses: [] },
    ],
    [TRICKLERS, '250 addresses', MANY, 'with its address', { addresses: ['127.0.0.1'] }],
  ])(
    '%d tricklers of %s do not keep out a device that is listed %s',
    async (count, _, addresses, __, listed) => {
      await using clinic = await openClinic()
      await clinic.stopAgent()
      const devices: Device[] = [{ name: 'CT', aeTitle: 'CT1', ...listed }]
      const settings = { ...clinic.settings, devices, unknownDevices: 'reject' }
      await using agent = await startProgram('run-agent', join(clinic.folder, 'agent.json'), settings)
      await using attack = await startTricklers({ port: agent.port, count, addresses, door: 'devices' })
      const tookMs: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const started = performance.now()
        await until(
          () => echoAndStore(agent.port).catch(() => false),
          (isDone) => isDone,
          LIMIT_MS * 4,
        )
        tookMs.push(Math.round(performance.now() - started))
      }
      process.stdout.write(
        `tricklers at the door: ${JSON.stringify({ count, tookMs, turnedAway: attack.turnedAway() })}\n`,
      )
      expect(Math.max(...tookMs)).toBeLessThan(LIMIT_MS)
    },
    120_000,
  )
})

async function echoAndStore(port: number): Promise<boolean> {
  const raw = await RawAssociation.open(port, { calling: 'CT1' })
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  const { status } = await raw.response()
  raw.close()
  const [stored] = await sendInstances(port, [inventedInstance(1000)])
  return status === 0 && stored?.status === 0
}
