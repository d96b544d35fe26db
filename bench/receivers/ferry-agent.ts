import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateIdentity } from '../../src/age/x25519-keys.ts'
import { CenterAccount } from '../../src/agent/send/center-account.ts'
import { signKeyList } from '../../src/protocol/key-list.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { spooledIn } from '../../test/support/instances/spooled.ts'
import { answers } from '../../test/support/peers/answers.ts'
import { freePort } from '../../test/support/peers/free-port.ts'
import { Child } from '../child.ts'
import { FERRY } from '../ferry-cli.ts'
import { HOST, type Holding, type Receiver, type ReceiverKind } from './receiver.ts'

/** The real agent, enrolled at a center that can't be reached: it does everything but send. */
export const FERRY_AGENT: ReceiverKind = {
  name: 'Ferry agent',
  promises: 'sealed, synced, indexed',
  async start(folder) {
    return startAlone(folder)
  },
}

/** Starts an agent without a center. `more`: further lines of its configuration. */
export async function startAlone(folder: string, more = ''): Promise<Receiver> {
  await enrolAtNoCenter(join(folder, 'data'))
  return startAgent(folder, more)
}

async function startAgent(folder: string, more: string): Promise<Receiver> {
  const port = await freePort()
  const path = join(folder, 'ferry.yaml')
  await writeFile(path, settings(port) + more)
  const child = new Child(process.execPath, [FERRY, 'run', '--config', path])
  await child.until('it listened', () => answers(port))
  return {
    pid: child.pid,
    host: HOST,
    port,
    aeTitle: 'FERRY',
    holds: () => holdingOfSpool(join(folder, 'data', 'spool')),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

/** The agent's settings are those that it has by itself, but for the port, and that any device is let in. */
function settings(port: number): string {
  return `version: 1
dataFolder: data
log: { level: warn }
listener: { host: ${HOST}, port: ${port} }
unknownDevices: accept
limits: { reserve: 64MiB }
statusPage: { enabled: off }
`
}

/** Keys of a center that is not there, sealed to as to any other: its own and a recovery key. */
async function enrolAtNoCenter(dataFolder: string): Promise<void> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const root = newSigningKey()
  const tlsPin = Buffer.alloc(32).toString('base64url')
  const { account } = await CenterAccount.openToJoin(dataFolder)
  const list = {
    format: 'ferry-keys/1' as const,
    center: root.kid,
    centerName: 'nobody',
    version: 1,
    issuedAt: '2026-01-01T00:00:00Z',
    seal: (['center', 'recovery'] as const).map((role) => ({
      recipient: generateIdentity().recipient,
      role,
    })),
    sign: [newSigningKey().publicKey.toString('base64url')],
    tlsPins: [tlsPin],
  }
  await account.enrol({ url: `https://${HOST}:9`, center: root.kid, tlsPin }, signKeyList(list, root))
}

/** Counts the instances in the spool by their trailers. */
async function holdingOfSpool(folder: string): Promise<Holding> {
  const spooled = spooledIn(folder)
  const dataSetBytes = spooled.reduce((sum, { trailer }) => sum + trailer.dataSetBytes, 0)
  return { instances: spooled.length, dataSetBytes }
}
