// Takes the screenshots of the page of the first set-up for the documents, in both languages and at two widths: an agent
// that has not joined yet, and a device that has called. Needs Chromium and DCMTK. Arguments: the folder for the pictures.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const WIDTHS = { wide: '900,1260', phone: '500,1600' } as const

const target = resolve(process.argv[2] ?? 'docs/images')
const folder = mkdtempSync(join(tmpdir(), 'ferry-page-'))
const config = join(folder, 'ferry.yaml')
const program = resolve(import.meta.dirname, '../src/console/program/ferry.ts')
const ferry = (...args: string[]): string[] => [
  '--disable-warning=ExperimentalWarning',
  program,
  '--config',
  config,
  ...args,
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function newLink(): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const { status, stdout } = spawnSync(process.execPath, ferry('open', '--json'), { encoding: 'utf8' })
    if (status === 0) return (JSON.parse(stdout) as { url: string }).url
    await sleep(200)
  }
  throw new Error('the agent has not started')
}

const [port, page] = [await freePort(), await freePort()]
spawnSync(process.execPath, ferry('init', '--port', String(port), '--device', 'DR room=DR1@192.168.1.21'))
writeFileSync(config, readFileSync(config, 'utf8').replace('port: 11180', `port: ${page}`))
const agent = spawn(process.execPath, ferry('run'), { stdio: 'ignore' })
try {
  mkdirSync(target, { recursive: true })
  await newLink()
  spawnSync('echoscu', ['-aet', 'CT1', '-aec', 'FERRY', '127.0.0.1', String(port)])
  for (const [width, size] of Object.entries(WIDTHS))
    for (const language of ['zh', 'en']) {
      const file = join(target, `setup-${language}-${width}.png`)
      const link = `${await newLink()}&lang=${language}`
      const flags = ['--headless', '--no-sandbox', '--hide-scrollbars', `--window-size=${size}`]
      const profile = `--user-data-dir=${join(folder, `profile-${language}-${width}`)}`
      const timing = '--virtual-time-budget=4000'
      spawnSync('chromium', [...flags, profile, timing, `--screenshot=${file}`, link], { timeout: 90_000 })
      console.log(file)
    }
} finally {
  agent.kill()
  await once(agent, 'exit')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
