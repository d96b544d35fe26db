import { chmodSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { newTlsCertificate } from '../../../src/center/keys/tls-certificate.ts'
import { lockFolder } from '../../../src/platform/folder-lock.ts'
import type { Pair } from '../../broken-things/pair.ts'
import { freePort } from '../../support/peers/free-port.ts'
import type { PlantedFault } from './planted-fault.ts'

const DAY_MS = 24 * 3600 * 1000

function by(change: (pair: Pair) => unknown): PlantedFault['plant'] {
  return async (pair) => {
    await change(pair)
    return undefined
  }
}

/** Puts a certificate of the operator's own into the configuration. */
async function withCertificate(pair: Pair, madeAt: number): Promise<void> {
  const { key, certificate } = await newTlsCertificate('127.0.0.1', madeAt)
  writeFileSync(pair.path('own.key'), key, { mode: 0o600 })
  writeFileSync(pair.path('own.crt'), certificate)
  const text = readFileSync(pair.path('center.yaml'), 'utf8')
  writeFileSync(pair.path('center.yaml'), `${text}\ntls: {certificateFile: own.crt, keyFile: own.key}\n`)
}

/** Twenty years but for some days ago: such a certificate ends in these days. */
const endingIn = (days: number): number => Date.now() - (20 * 365 - days) * DAY_MS

export const CENTER_FAULTS: readonly Omit<PlantedFault, 'program'>[] = [
  {
    fault: 'a setting is mistyped',
    plant: by((pair) => pair.edit('center.yaml', { 'publicUrl:': 'publicURL:' })),
    code: 'configWrong',
    cause: {
      en: /center\.yaml:\d+:\d+ publicURL.*publicUrl/s,
      zh: /center\.yaml:\d+:\d+ publicURL.*publicUrl/s,
    },
    cure: { en: /ferry-center config check/, zh: /ferry-center config check/ },
  },
  {
    fault: 'the center is not running',
    plant: by(() => {}),
    code: 'NOT_RUNNING',
    cause: { en: /The center is not running/, zh: /没有运行/ },
    cure: { en: /start the service/, zh: /启动服务/ },
  },
  {
    fault: 'another program has the HTTPS port',
    plant: async (pair) => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(pair.ports.center, '127.0.0.1', resolve))
      pair.use({ [Symbol.dispose]: () => void server.close() })
      server.on('connection', (socket) => socket.destroy())
      return undefined
    },
    code: 'portTaken',
    cause: { en: /HTTPS port: port \d+ is used by another program/, zh: /HTTPS 端口：端口 \d+ 已被/ },
    cure: { en: /end that program/, zh: /结束该程序/ },
  },
  {
    fault: 'another program with TLS answers at its port',
    plant: async (pair) => {
      const { key, certificate: cert } = await newTlsCertificate('127.0.0.1', Date.now())
      const server = createTlsServer({ key, cert })
      await new Promise<void>((resolve) => server.listen(pair.ports.center, '127.0.0.1', resolve))
      pair.use({ [Symbol.dispose]: () => void server.close() })
      return undefined
    },
    code: 'otherCertificate',
    besides: ['portTaken'],
    cause: { en: /shows another certificate/, zh: /与数据文件夹中的密钥不符/ },
    cure: { en: /end the other program/, zh: /结束那个程序/ },
  },
  {
    fault: 'its own certificate ends in a few days',
    plant: by((pair) => withCertificate(pair, endingIn(5))),
    code: 'certificateEnds',
    besides: ['KEYS_REFUSED'],
    cause: { en: /ends on \d{4}-\d\d-\d\d/, zh: /将于 \d{4}-\d\d-\d\d 到期/ },
    cure: { en: /keys tls-next/, zh: /keys tls-next/ },
  },
  {
    fault: 'others can read a key',
    plant: by((pair) => {
      for (const file of globSync(pair.path('center-data/keys/*'))) chmodSync(file, 0o644)
    }),
    code: 'KEY_FILE_INVALID',
    besides: ['REGISTER_UNREADABLE'],
    cause: { en: /has mode 0644/, zh: /0644/ },
    cure: { en: /600/, zh: /600/ },
  },
  {
    fault: 'its keys are gone',
    plant: by((pair) => renameSync(pair.path('center-data/keys'), pair.path('old'))),
    code: 'DATA_FOLDER_CHANGED',
    besides: ['REGISTER_UNREADABLE'],
    cause: { en: /has no keys in keys/, zh: /密钥/ },
    cure: { en: /dataFolder|mount/, zh: /dataFolder|挂载/ },
  },
  {
    fault: 'its register is damaged',
    plant: by((pair) => writeFileSync(pair.path('center-data/register.sqlite'), 'no database '.repeat(1000))),
    code: 'REGISTER_UNREADABLE',
    cause: { en: /register/, zh: /登记/ },
    cure: { en: /./, zh: /./ },
  },
  {
    fault: 'its disk has less room than the reserve',
    plant: by((pair) => pair.edit('center.yaml', { 'reserve: 64MiB': 'reserve: 9TiB' })),
    code: 'STORAGE_FULL',
    besides: ['BALLAST_GONE'],
    cause: { en: /free/, zh: /剩余/ },
    cure: { en: /./, zh: /./ },
  },
  {
    fault: 'the disk of the instances is another one',
    plant: async (pair) => {
      await pair.startCenter()
      await pair.stop()
      rmSync(pair.path('center-data/instances'), { recursive: true })
      return undefined
    },
    code: 'STORE_MISSING',
    cause: { en: /instances/, zh: /instances/ },
    cure: { en: /mount/, zh: /挂载/ },
  },
  {
    fault: 'another program holds its data folder',
    plant: by((pair) => pair.use(lockFolder(pair.path('center-data'), 'other'))),
    code: 'lockedSilent',
    cause: { en: /holds .*center-data and does not answer/, zh: /占用着.*没有应答/ },
    cure: { en: /end this program/, zh: /结束该程序/ },
  },
  {
    fault: 'the name in its join codes is not known',
    plant: by((pair) =>
      pair.edit('center.yaml', {
        [`https://127.0.0.1:${pair.ports.center}`]: 'https://no-such-center.invalid',
      }),
    ),
    code: 'nameUnknown',
    cause: { en: /no-such-center\.invalid is not found/, zh: /no-such-center\.invalid 解析不了/ },
    cure: { en: /DNS/, zh: /DNS/ },
  },
  {
    fault: 'nothing listens at the address of the PACS',
    plant: async (pair) => {
      const text = readFileSync(pair.path('center.yaml'), 'utf8')
      const url = `http://127.0.0.1:${await freePort()}/dicom-web`
      writeFileSync(pair.path('center.yaml'), `${text}\npacs: {url: '${url}'}\n`)
      return undefined
    },
    code: 'tcpRefused',
    cause: { en: /Way to the PACS: 127\.0\.0\.1 is there/, zh: /到 PACS 的线路：127\.0\.0\.1 在线/ },
    cure: { en: /whether the service runs/, zh: /是否在运行/ },
  },
]
