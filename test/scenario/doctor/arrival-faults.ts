import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Pair } from '../../broken-things/pair.ts'
import { freePort } from '../../support/peers/free-port.ts'
import type { Call, PlantedFault } from './planted-fault.ts'

const OTHER = 65_534

/** Watches a folder of the pair; `more`: further settings. */
function watch(pair: Pair, more: Readonly<Record<string, string>> = {}): void {
  const settings = { path: 'endo', name: 'endo', device: 'CT1', ...more }
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${value}`)
  pair.edit('ferry.yaml', { '\nfolders:\n': `\nfolders:\n  - ${lines.join('\n    ')}\n` })
}

const ask = (pair: Pair, source: string): void =>
  pair.edit('ferry.yaml', { '\norders:\n': `\norders:\n  - {name: ris, ${source}}\n` })

/** The service has a user of its own, and doctor is called by root. */
function asService(pair: Pair): Call {
  for (const name of globSync('**', { cwd: pair.path('data') }))
    chownSync(pair.path('data', name), OTHER, OTHER)
  chownSync(pair.path('data'), OTHER, OTHER)
  for (const folder of [pair.path('..'), pair.folder]) chmodSync(folder, 0o755)
  chmodSync(pair.path('ferry.yaml'), 0o644)
  return { wrapper: ['env'] }
}

/** Faults of watched folders and of the sources of orders. */
export const ARRIVAL_FAULTS: readonly Omit<PlantedFault, 'program'>[] = [
  {
    fault: 'a watched folder does not exist',
    plant: (pair) => {
      watch(pair)
      return undefined
    },
    code: 'folderMissing',
    cause: { en: /endo: .*endo does not exist/, zh: /endo：.*endo 不存在/ },
    cure: { en: /connect the disk or share/, zh: /接好它所在的磁盘或共享/ },
  },
  {
    fault: 'a watched folder is a file',
    plant: (pair) => {
      watch(pair)
      writeFileSync(pair.path('endo'), '')
      return undefined
    },
    code: 'folderIsFile',
    cause: { en: /endo: .*endo is not a folder/, zh: /endo：.*endo 不是文件夹/ },
    cure: { en: /correct its path/, zh: /改正配置中的路径/ },
  },
  {
    fault: 'the service may not read a watched folder',
    needs: 'root',
    plant: (pair) => {
      watch(pair)
      mkdirSync(pair.path('endo'), { mode: 0o700 })
      return asService(pair)
    },
    code: 'folderUnread',
    cause: { en: /endo: .*endo cannot be read: .*permission|endo cannot be read/, zh: /endo：.*endo 读不了/ },
    cure: { en: /let the user of the service read/, zh: /让服务用户有权读取/ },
  },
  {
    fault: 'the service may not delete the files that it has taken',
    needs: 'root',
    plant: (pair) => {
      watch(pair, { afterwards: 'delete' })
      mkdirSync(pair.path('endo'), { mode: 0o755 })
      return asService(pair)
    },
    code: 'folderReadOnly',
    cause: { en: /may not change .*endo/, zh: /无权改动 .*endo/ },
    cure: { en: /afterwards: keep/, zh: /afterwards: keep/ },
  },
  {
    fault: 'the folder for taken files is on another disk',
    needs: 'root',
    plant: (pair) => {
      watch(pair, { afterwards: 'move', moveTo: 'done' })
      const done = pair.path('endo/done')
      mkdirSync(done, { recursive: true })
      const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', done])
      if (status !== 0) throw new Error(stderr.toString())
      pair.use({ [Symbol.dispose]: () => void spawnSync('umount', ['--lazy', done]) })
      return undefined
    },
    code: 'folderElsewhere',
    cause: { en: /done is on another disk than .*endo/, zh: /done 与 .*endo 不在同一磁盘/ },
    cure: { en: /moveTo/, zh: /moveTo/ },
  },
  {
    fault: 'the device of a watched folder is not listed',
    plant: (pair) => {
      watch(pair, { device: 'CT2' })
      return undefined
    },
    code: 'configWrong',
    cause: { en: /folders\[0\]\.device.*CT2.*CT1/s, zh: /folders\[0\]\.device.*CT2.*CT1/s },
    cure: { en: /ferry config check/, zh: /ferry config check/ },
  },
  {
    fault: 'the folder of orders does not exist',
    plant: (pair) => {
      ask(pair, 'files: {folder: orders}')
      return undefined
    },
    code: 'folderMissing',
    cause: { en: /ris: .*orders does not exist/, zh: /ris：.*orders 不存在/ },
    cure: { en: /connect the disk or share/, zh: /接好它所在的磁盘或共享/ },
  },
  {
    fault: 'a worklist does not answer',
    plant: async (pair) => {
      ask(pair, `worklist: {host: 127.0.0.1, port: ${await freePort()}, aeTitle: RIS}`)
      return undefined
    },
    code: 'ORDERS_UNREACHABLE',
    cause: { en: /ris: .*does not answer/, zh: /ris：.*没有应答/ },
    cure: { en: /address and port under orders/, zh: /orders 中的地址和端口/ },
  },
  {
    fault: 'a system of orders refuses the agent',
    plant: async (pair) => {
      const port = await freePort()
      const server = createServer((_, response) => response.writeHead(403).end())
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
      pair.use({ [Symbol.dispose]: () => void server.close() })
      ask(pair, `http: {url: "http://127.0.0.1:${port}/orders"}`)
      return undefined
    },
    code: 'ORDERS_REFUSED',
    cause: { en: /ris: .*HTTP 403/, zh: /ris：.*HTTP 403/ },
    cure: { en: /./, zh: /./ },
  },
]
