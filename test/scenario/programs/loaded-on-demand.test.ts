import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from '@jest/globals'
import type { AgentSettings } from '../../../src/config/agent-settings.ts'
import { until } from '../../support/clocks/until.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { testSettings } from '../../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../../support/programs/folder-settings.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const RUN_AGENT = join(import.meta.dirname, '../../support/programs/run-agent.ts')
/** Says at the end which files of src and which packages were loaded. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const files = new Set()
  const load = (url, context, next) => {
    const name = /\\/(?:src|node_modules)\\/(.*)/.exec(url)?.[1]
    if (name) files.add(name)
    return next(url, context)
  }
  registerHooks({ load })
  process.on('exit', () => process.stderr.write('loaded ' + JSON.stringify([...files])))
`)}`

/** The files that a running agent of these settings has loaded; folders and orders among them, by a pattern. */
async function loadedOf(settings: AgentSettings, settingsFile: string): Promise<string[]> {
  writeFileSync(settingsFile, JSON.stringify(settings))
  const child = spawn(process.execPath, ['--import', HOOK, RUN_AGENT, settingsFile], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()))
  const err = text(child.stderr)
  await until(
    () => out,
    (said) => said.startsWith('ready'),
  )
  child.kill('SIGTERM')
  await once(child, 'exit')
  const files = JSON.parse(/loaded (.*)$/.exec(await err)?.[1] ?? '[]') as string[]
  return files.filter((name) => ON_DEMAND.test(name) && !SHARED.has(name))
}

/** Code of watched folders, wrapping, orders and reports, and the package that watches. */
const ON_DEMAND = /^(agent\/(arrival\/(folders|wrap)|orders|reports)|media|hl7|chokidar)\//
/** Forty lines that the control interface needs for its views. */
const SHARED = new Set(['agent/orders/patient-identity.ts'])

test('an agent without watched folders and orders loads nothing of them', async () => {
  using folder = tempFolder()
  const settings = testSettings(folder.join('data'))
  expect(await loadedOf(settings, folder.join('a.json'))).toEqual([])
}, 60_000)

test('an agent with both loads them', async () => {
  using folder = tempFolder()
  mkdirSync(folder.join('endo'))
  const hl7 = {
    host: '127.0.0.1',
    port: await freePort(),
    addresses: ['127.0.0.1'],
    messageBytes: 65_536,
    idleMs: 60_000,
  }
  const settings = testSettings(folder.join('data'), {
    devices: [FOLDER_DEVICE],
    folders: [folderSettings(folder.join('endo'))],
    orders: [{ name: 'ris', kind: 'hl7', hl7 }],
  })
  const loaded = await loadedOf(settings, folder.join('a.json'))
  for (const one of ['agent/arrival/folders/sweep.ts', 'agent/orders/order-book.ts', 'hl7/mllp-reader.ts'])
    expect(loaded).toContain(one)
}, 60_000)
