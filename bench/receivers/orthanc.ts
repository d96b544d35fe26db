import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Orthanc } from '../../test/support/peers/orthanc.ts'
import { type Nagle, nagleEnvironment } from '../nagle.ts'
import { holdingOfFiles } from './part10-folder.ts'
import { HOST, type Receiver, type ReceiverKind } from './receiver.ts'

/** An Orthanc with the settings that it has by itself, but for names, ports, folders and what is handed in here. */
export interface MeasuredOrthanc extends Receiver {
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

export async function startOrthanc(folder: string, options: OrthancOptions = {}): Promise<MeasuredOrthanc> {
  const { aeTitle = 'ORTHANC', modalities = {}, stableAge = 60, nagle = 'off' } = options
  const storage = join(folder, 'storage')
  await mkdir(storage, { recursive: true })
  const settings = {
    Name: 'Orthanc',
    StorageDirectory: storage,
    IndexDirectory: folder,
    Plugins: [],
    DicomAet: aeTitle,
    StableAge: stableAge,
    LuaScripts: await luaScripts(folder, options.lua),
    DicomModalities: Object.fromEntries(
      Object.entries(modalities).map(([name, to]) => [name, [to.aeTitle, HOST, to.port]]),
    ),
  }
  const orthanc = await Orthanc.start(settings, nagleEnvironment(nagle))
  return {
    pid: orthanc.pid,
    host: HOST,
    port: orthanc.dicomPort,
    aeTitle,
    get: (url) => orthanc.get(url),
    post: (url, body) => orthanc.post(url, body),
    holds: async () => {
      const { CountInstances: instances } = (await orthanc.get('/statistics')) as { CountInstances: number }
      return { ...(await holdingOfFiles(storage)), instances }
    },
    [Symbol.asyncDispose]: () => orthanc[Symbol.asyncDispose](),
  }
}

async function luaScripts(folder: string, lua: string | undefined): Promise<string[]> {
  if (lua === undefined) return []
  const path = join(folder, 'script.lua')
  await writeFile(path, lua)
  return [path]
}
