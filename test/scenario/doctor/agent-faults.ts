import {
  chmodSync,
  chownSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import BetterSqlite3 from 'better-sqlite3'
import { lockFolder } from '../../../src/platform/folder-lock.ts'
import type { Pair } from '../../broken-things/pair.ts'
import { wallClockOff } from '../../broken-things/play.ts'
import { freePort } from '../../support/peers/free-port.ts'
import { ARRIVAL_FAULTS } from './arrival-faults.ts'
import { type PlantedFault, withTool } from './planted-fault.ts'
import { SERVICE_FAULTS } from './service-faults.ts'

const OTHER = 65_534

/** Makes a change for which nothing special is called. */
function by(change: (pair: Pair) => unknown): PlantedFault['plant'] {
  return async (pair) => {
    await change(pair)
    return undefined
  }
}

async function listening(pair: Pair, server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  pair.use({ [Symbol.dispose]: () => void server.close() })
}

/** Changes the address of the center in the file that `ferry join` has written. */
function moveCenter(pair: Pair, url: string): void {
  const [file = ''] = globSync(pair.path('data/keys/center-*.json'))
  const enrolment = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ ...enrolment, url }))
}

/** A few images in the queue of a stopped agent. */
async function withQueue(pair: Pair): Promise<void> {
  await pair.startAgent()
  await pair.sendStudy(3)
  await pair.untilQueued(3)
  await pair.stop()
}

export const AGENT_FAULTS: readonly Omit<PlantedFault, 'program'>[] = [
  {
    fault: 'there is no configuration',
    plant: (pair) => ({ args: [], environment: { FERRY_CONFIG: pair.path('none', 'x.yaml') } }),
    code: 'configMissing',
    cause: { en: /x\.yaml does not exist/, zh: /x\.yaml 不存在/ },
    cure: { en: /--config/, zh: /--config/ },
  },
  {
    fault: 'a setting of the configuration is mistyped',
    plant: by((pair) => pair.edit('ferry.yaml', { 'listener:': 'listner:' })),
    code: 'configWrong',
    cause: { en: /ferry\.yaml:\d+:\d+ listner.*listener/s, zh: /ferry\.yaml:\d+:\d+ listner.*listener/s },
    cure: { en: /ferry config check/, zh: /ferry config check/ },
  },
  {
    fault: 'a file that the configuration names does not exist',
    plant: by((pair) => pair.edit('ferry.yaml', { 'enabled: off': 'enabled: on' })),
    code: 'configFiles',
    cause: { en: /tls\.certificate.*ferry\.crt/s, zh: /tls\.certificate.*ferry\.crt/s },
    cure: { en: /bring the file back/, zh: /恢复该文件/ },
  },
  {
    fault: 'other users can change the configuration',
    plant: by((pair) => chmodSync(pair.path('ferry.yaml'), 0o666)),
    code: 'configWritable',
    cause: { en: /other users can change .*0666/, zh: /其他用户可以修改.*0666/ },
    cure: { en: /chmod 644/, zh: /chmod 644/ },
  },
  {
    fault: 'the user of the service cannot read the configuration',
    needs: 'root',
    plant: (pair) => {
      for (const name of globSync('**', { cwd: pair.path('data') }))
        chownSync(pair.path('data', name), OTHER, OTHER)
      chownSync(pair.path('data'), OTHER, OTHER)
      for (const folder of [pair.path('..'), pair.folder]) chmodSync(folder, 0o755)
      chmodSync(pair.path('ferry.yaml'), 0o600)
      return { wrapper: ['env'] }
    },
    code: 'configUnreadable',
    cause: { en: /nobody, the user of the service, cannot read/, zh: /服务用户 nobody 读不了/ },
    cure: { en: /chmod 644/, zh: /chmod 644/ },
  },
  {
    fault: 'a command was run with sudo once, and its file is of another user',
    needs: 'root',
    plant: (pair) => {
      chownSync(pair.path('data/keys'), OTHER, OTHER)
      return undefined
    },
    code: 'foreignOwner',
    cause: {
      en: /1 file belongs to nobody, and the service uses root/,
      zh: /1 个文件属于 nobody，而服务用户是 root/,
    },
    cure: { en: /chown -R root/, zh: /chown -R root/ },
  },
  {
    fault: 'other users can look into the data folder',
    plant: by((pair) => chmodSync(pair.path('data'), 0o755)),
    code: 'folderOpen',
    cause: { en: /can look into .*data \(mode 0755\)/, zh: /可以查看.*0755/ },
    cure: { en: /chmod 700/, zh: /chmod 700/ },
  },
  {
    fault: 'others can read the key of the agent',
    plant: by((pair) => chmodSync(pair.path('data/keys/agent.json'), 0o644)),
    code: 'KEY_FILE_INVALID',
    cause: { en: /agent\.json has mode 0644/, zh: /agent\.json.*0644/ },
    cure: { en: /chmod 600|mode 0?600/, zh: /600/ },
  },
  {
    fault: 'the key of the agent is damaged',
    plant: by((pair) => writeFileSync(pair.path('data/keys/agent.json'), '{"signingSeed":')),
    code: 'KEY_FILE_INVALID',
    cause: { en: /agent\.json/, zh: /agent\.json/ },
    cure: { en: /backup/, zh: /备份/ },
  },
  {
    fault: 'the key of the agent is gone',
    plant: by((pair) => rmSync(pair.path('data/keys/agent.json'))),
    code: 'AGENT_KEY_LOST',
    cause: { en: /key is missing/, zh: /密钥/ },
    cure: { en: /--new-identity/, zh: /--new-identity/ },
  },
  {
    fault: 'the data folder was moved away',
    plant: by((pair) => renameSync(pair.path('data'), pair.path('old'))),
    code: 'DATA_FOLDER_CHANGED',
    cause: { en: /it does not exist.*used .*data/s, zh: /data.*(不存在|没有)/s },
    cure: { en: /mount the disk|dataFolder/, zh: /挂载|dataFolder/ },
  },
  {
    fault: 'the data folder is empty, as if its disk were not mounted',
    plant: by((pair) => {
      renameSync(pair.path('data'), pair.path('old'))
      mkdirSync(pair.path('data'), { mode: 0o700 })
    }),
    code: 'DATA_FOLDER_CHANGED',
    cause: { en: /it is empty/, zh: /空/ },
    cure: { en: /mount the disk|dataFolder/, zh: /挂载|dataFolder/ },
  },
  {
    fault: 'the agent never joined',
    plant: by((pair) => {
      rmSync(pair.path('data'), { recursive: true })
      rmSync(pair.path('ferry.yaml.identity'))
    }),
    code: 'NOT_ENROLLED',
    cause: { en: /belongs to no center/, zh: /中心/ },
    cure: { en: /join/, zh: /加入/ },
  },
  {
    fault: 'the agent is not running',
    plant: by((pair) => pair.startCenter()),
    code: 'NOT_RUNNING',
    cause: { en: /not running/, zh: /没有在?运行/ },
    cure: { en: /start the service/, zh: /启动服务/ },
  },
  {
    fault: 'another program has the DICOM port',
    plant: by((pair) => listening(pair, createServer(), pair.ports.agent)),
    code: 'portTaken',
    cause: {
      en: new RegExp(`DICOM port: port \\d+ is used by another program: \\S+ \\(pid ${process.pid}\\)`),
      zh: /DICOM 端口：端口 \d+ 已被其他程序占用/,
    },
    cure: { en: /end that program/, zh: /结束该程序/ },
  },
  {
    fault: 'another program has the port of the status page',
    plant: by((pair) => listening(pair, createServer(), pair.ports.page)),
    code: 'portTaken',
    cause: { en: /status page: port \d+ is used/, zh: /状态页端口：端口 \d+ 已被/ },
    cure: { en: /set another port/, zh: /改用其他端口/ },
  },
  {
    fault: 'another program had the port of the page when the agent started',
    plant: async (pair) => {
      await listening(pair, createServer(), pair.ports.page)
      await pair.startBoth()
      await pair.untilSaid('agent', /no status page/)
      return undefined
    },
    code: 'PAGE_CLOSED',
    besides: ['portTaken'],
    cause: { en: /used by/, zh: /端口/ },
    cure: { en: /statusPage|port/, zh: /statusPage|端口/ },
  },
  {
    fault: 'the DICOM port needs a right that the user does not have',
    needs: 'root',
    plant: (pair) => {
      pair.edit('ferry.yaml', { [`port: ${pair.ports.agent}`]: 'port: 104' })
      return { wrapper: ['setpriv', '--bounding-set', '-net_bind_service'] }
    },
    code: 'portDenied',
    cause: { en: /may not listen on port 104/, zh: /无权监听端口 104/ },
    cure: { en: /CAP_NET_BIND_SERVICE/, zh: /CAP_NET_BIND_SERVICE/ },
  },
  {
    fault: 'the listener has an address that is not of this machine',
    plant: by((pair) => pair.edit('ferry.yaml', { 'host: 127.0.0.1': 'host: 203.0.113.7' })),
    code: 'noSuchAddress',
    cause: { en: /203\.0\.113\.7 is not an address of this machine/, zh: /203\.0\.113\.7 不是本机的地址/ },
    cure: { en: /0\.0\.0\.0/, zh: /0\.0\.0\.0/ },
  },
  {
    fault: 'the firewall of Ubuntu does not let devices in',
    plant: (pair) => {
      pair.edit('ferry.yaml', { 'host: 127.0.0.1': 'host: 0.0.0.0' })
      return withTool(
        pair,
        'ufw',
        "printf 'Status: active\\n\\nTo      Action  From\\n--      ------  ----\\n22/tcp  ALLOW   Anywhere\\n'",
      )
    },
    code: 'firewallShut',
    cause: { en: /ufw has no rule/, zh: /ufw 没有放行/ },
    cure: { en: /ufw allow \d+\/tcp/, zh: /ufw allow \d+\/tcp/ },
  },
  {
    fault: 'the firewall of a Chinese server distribution does not let devices in',
    plant: (pair) => {
      pair.edit('ferry.yaml', { 'host: 127.0.0.1': 'host: 0.0.0.0' })
      return withTool(pair, 'firewall-cmd', 'test "$1" = --state')
    },
    code: 'firewallShut',
    cause: { en: /firewalld has no rule/, zh: /firewalld 没有放行/ },
    cure: { en: /--add-port=\d+\/tcp/, zh: /--add-port=\d+\/tcp/ },
  },
  {
    fault: 'nftables drops what it does not know',
    plant: (pair) => {
      pair.edit('ferry.yaml', { 'host: 127.0.0.1': 'host: 0.0.0.0' })
      const rules =
        'table inet f {\n  chain input {\n    type filter hook input priority filter; policy drop;\n    tcp dport { 22, 80-90 } accept\n  }\n}'
      return withTool(pair, 'nft', `cat <<'END'\n${rules}\nEND`)
    },
    code: 'firewallShut',
    cause: { en: /nftables has no rule/, zh: /nftables 没有放行/ },
    cure: { en: /dport \d+ accept/, zh: /dport \d+ accept/ },
  },
  {
    fault: 'the disk has less room than the reserve',
    plant: by((pair) => pair.edit('ferry.yaml', { 'reserve: 64MiB': 'reserve: 9TiB' })),
    code: 'STORAGE_FULL',
    cause: { en: /Disk full: .* free, 9\.00? TiB are kept in reserve.*other files/s, zh: /预留|保留/ },
    cure: { en: /never delete anything inside/, zh: /不要|切勿/ },
  },
  {
    fault: 'the index is damaged',
    plant: by((pair) => writeFileSync(pair.path('data/queue.sqlite'), 'no database '.repeat(1000))),
    code: 'DATABASE_DAMAGED',
    cause: { en: /queue\.sqlite/, zh: /queue\.sqlite/ },
    cure: { en: /./, zh: /./ },
  },
  {
    fault: 'the index was written by a newer version',
    plant: by((pair) => {
      const database = new BetterSqlite3(pair.path('data/queue.sqlite'))
      database.exec('CREATE TABLE IF NOT EXISTS later (id INTEGER)')
      database.pragma('user_version = 98')
      database.close()
    }),
    code: 'DATABASE_NEWER',
    cause: { en: /has schema 98/, zh: /98/ },
    cure: { en: /newer version/, zh: /版本/ },
  },
  {
    fault: 'a spool file of the index is gone',
    plant: async (pair) => {
      await withQueue(pair)
      rmSync(globSync(pair.path('data/spool/*/*.{ferry,seg}'))[0] ?? '')
      return undefined
    },
    code: 'spoolMissing',
    cause: { en: /3 sealed images are missing in .*spool.*: 0\w{25}/, zh: /缺少 3 幅封存影像/ },
    cure: { en: /send the studies again from the device/, zh: /从设备重新发送/ },
  },
  {
    fault: 'another program holds the data folder and does not answer',
    plant: by((pair) => pair.use(lockFolder(pair.path('data'), 'other'))),
    code: 'lockedSilent',
    cause: {
      en: new RegExp(`\\(pid ${process.pid}\\) holds .*data and does not answer`),
      zh: /占用着.*没有应答/,
    },
    cure: { en: /end this program/, zh: /结束该程序/ },
  },
  {
    fault: 'the name of the center is not known to the DNS server',
    plant: by((pair) => moveCenter(pair, 'https://no-such-center.invalid:8443')),
    code: 'nameUnknown',
    cause: { en: /no-such-center\.invalid is not found \(E\w+\)/, zh: /no-such-center\.invalid 解析不了/ },
    cure: { en: /DNS server/, zh: /DNS/ },
  },
  {
    fault: 'nothing listens at the address of the center',
    plant: by(() => {}),
    code: 'tcpRefused',
    cause: { en: /127\.0\.0\.1 is there, and nothing listens on port/, zh: /没有程序监听/ },
    cure: { en: /ask its operator whether the service runs/, zh: /是否在运行/ },
  },
  {
    fault: 'a web server without TLS answers in place of the center',
    plant: by((pair) =>
      listening(
        pair,
        createHttpServer((_, response) => response.end('hello')),
        pair.ports.center,
      ),
    ),
    code: 'CENTER_NOT_TLS',
    cause: { en: /does not speak TLS/, zh: /TLS/ },
    cure: { en: /./, zh: /./ },
  },
  {
    fault: 'another center answers at the address',
    plant: async (pair) => {
      await (await pair.another('other')).startCenter()
      return undefined
    },
    code: 'CENTER_IDENTITY',
    cause: { en: /not one that the center announced/, zh: /不是/ },
    cure: { en: /./, zh: /./ },
  },
  {
    fault: 'the center has revoked the agent',
    plant: async (pair) => {
      await pair.startCenter()
      await pair.must('ferry-center', 'revoke', await pair.fingerprint())
      return undefined
    },
    code: 'AGENT_REVOKED',
    cause: { en: /revoked/, zh: /吊销|撤销|停用/ },
    cure: { en: /./, zh: /./ },
  },
  {
    fault: 'the clock of this machine is 20 minutes ahead',
    needs: 'faketime',
    plant: async (pair) => {
      await pair.startCenter()
      return { wrapper: wallClockOff(1200) }
    },
    code: 'CLOCK',
    cause: { en: /differ by 20 min/, zh: /相差 20 分钟/ },
    cure: { en: /clock|time/, zh: /时钟|时间/ },
  },
  {
    fault: 'a listed device does not answer',
    plant: async (pair) => {
      const port = await freePort()
      pair.edit('ferry.yaml', {
        'aeTitle: "CT1"': `aeTitle: CT1\n    dicom: {host: 127.0.0.1, port: ${port}}`,
      })
      return { args: ['--echo'] }
    },
    code: 'deviceSilent',
    cause: { en: /CT room \(CT1@127\.0\.0\.1:\d+\) does not answer C-ECHO/, zh: /没有应答 C-ECHO/ },
    cure: { en: /host, port and AE title/, zh: /AE Title/ },
  },
  {
    fault: 'log.folder is a file',
    plant: by((pair) => {
      pair.edit('ferry.yaml', { 'level: info': 'level: info\n  folder: taken/log' })
      writeFileSync(pair.path('taken'), '')
    }),
    code: 'logNoFolder',
    cause: { en: /taken is a file/, zh: /taken 是一个文件/ },
    cure: { en: /set log\.folder to a folder/, zh: /改为文件夹/ },
  },
  ...SERVICE_FAULTS,
  ...ARRIVAL_FAULTS,
]
