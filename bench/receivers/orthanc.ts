import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/support/peers/free-port.ts'
import { Child } from '../child.ts'
import { type Nagle, nagleEnvironment } from '../nagle.ts'
import { holdingOfFiles } from './part10-folder.ts'
import { HOST, type Receiver, type ReceiverKind } from './receiver.ts'

/** An Orthanc with the settings that it has by itself, but for names, ports, folders and what is handed in here. */
export interface Orthanc extends Receiver {
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
}

interface OrthancOptions {
  readonly aeTitle?: string
  /** Where it can send to, by name. */
  readonly modalities?: Readonly<Record<string, { aeTitle: string; port: number }>>
  /** A Lua script that it runs. */
  readonly lua?: string
  /** Seconds without news after which a study counts as stable. */
  readonly stableAge?: number
  readonly nagle?: Nagle
}

export const ORTHANC: ReceiverKind = {
  name: 'Orthanc',
  promises: 'plain, synced, indexed',
  program: 'Orthanc',
  start: (folder, nagle) => startOrthanc(folder, { nagle }),
}

export async function startOrthanc(folder: string, options: OrthancOptions = {}): Promise<Orthanc> {
  const [port, httpPort] = [await freePort(), await freePort()]
  const aeTitle = options.aeTitle ?? 'ORTHANC'
  const storage = join(folder, 'storage')
  await mkdir(storage, { recursive: true })
  const settings = {
    Name: 'Orthanc',
    StorageDirectory: storage,
    IndexDirectory: folder,
    DicomAet: aeTitle,
    DicomPort: port,
    HttpPort: httpPort,
    StableAge: options.stableAge ?? 60,
    LuaScripts: await luaScripts(folder, options.lua),
    DicomModalities: Object.fromEntries(
      Object.entries(options.modalities ?? {}).map(([name, to]) => [name, [to.aeTitle, HOST, to.port]]),
    ),
  }
  const path = join(folder, 'orthanc.json')
  await writeFile(path, JSON.stringify(settings, undefined, 2))
  const child = new Child('Orthanc', [path], { env: nagleEnvironment(options.nagle ?? 'off') })
  const ask = rest(`http://${HOST}:${httpPort}`)
  await child.until('it answered', () => ask('GET', '/system').catch(() => undefined))
  return {
    pid: child.pid,
    host: HOST,
    port,
    aeTitle,
    get: (url) => ask('GET', url),
    post: (url, body) => ask('POST', url, body),
    holds: async () => {
      const { CountInstances: instances } = (await ask('GET', '/statistics')) as { CountInstances: number }
      return { ...(await holdingOfFiles(storage)), instances }
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

function rest(url: string): (method: string, path: string, body?: unknown) => Promise<unknown> {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    if (!response.ok)
      throw new Error(`Orthanc ${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}

async function luaScripts(folder: string, lua: string | undefined): Promise<string[]> {
  if (lua === undefined) return []
  const path = join(folder, 'script.lua')
  await writeFile(path, lua)
  return [path]
}
