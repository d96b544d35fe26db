import { spawnSync } from 'node:child_process'
import { cpSync, globSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { AGENT_STATUS, type BrokenThing, type Question } from './broken-thing.ts'
import { Pair } from './pair.ts'

/** As a service that runs under an account without rights in the folder. */
const AS_OTHER_USER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
const RUN: Question = { program: 'ferry', args: ['run'] }

/** A disk in memory, of its own. */
function mountSmallDisk(pair: Pair, path: string, size: string): void {
  const { status, stderr } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `mode=0700,size=${size}`,
    'tmpfs',
    path,
  ])
  if (status !== 0) throw new Error(stderr.toString())
  pair.use({ [Symbol.dispose]: () => void spawnSync('umount', ['--lazy', path]) })
}

/** Length of an image that gets a file of its own. */
const LARGE_BYTES = 4.5 * 1024 * 1024

const spoolFiles = (pair: Pair): string[] => globSync(pair.path('data/spool/*/*.ferry')).toSorted()

/** Folders, keys and files of the agent. */
export const FOLDER_ROWS: readonly BrokenThing[] = [
  {
    broken: 'data folder not readable by the account of the service',
    needs: ['root'],
    play: async (pair) => {
      // The configuration can be read, the folder not.
      spawnSync('chmod', ['755', pair.path('..'), pair.folder])
      return { ...RUN, wrapper: AS_OTHER_USER }
    },
    expected: {
      exitCode: 1,
      cause: { en: /belongs to another user|not allowed|permission/, zh: /其他用户|账户|权限/ },
      cure: { en: /→ .*(chown|account|user)/, zh: /→ .*(chown|账户|帐户|用户)/ },
      never: /INTERNAL/,
    },
  },
  {
    broken: 'key file not readable after a start as root',
    needs: ['root'],
    play: async (pair) => {
      spawnSync('chmod', ['755', pair.path('..'), pair.folder])
      spawnSync('chown', ['-R', '65534:65534', pair.path('data')])
      spawnSync('chown', ['0:0', pair.path('data/keys/agent.json')])
      return { ...RUN, wrapper: AS_OTHER_USER }
    },
    expected: {
      exitCode: 1,
      cause: { en: /agent\.json/, zh: /agent\.json/ },
      cure: { en: /→ .*(chown|account|user)/, zh: /→ .*(chown|账户|帐户|用户)/ },
      never: /INTERNAL/,
    },
  },
  {
    broken: 'key file is garbage',
    isQuick: true,
    play: async (pair) => {
      writeFileSync(pair.path('data/keys/agent.json'), 'garbage')
      return RUN
    },
    expected: {
      exitCode: 1,
      cause: { en: /KEY_FILE_INVALID[^]*agent\.json/, zh: /KEY_FILE_INVALID[^]*agent\.json/ },
      cure: { en: /→ .*restore it from the backup/, zh: /→ .*从备份恢复/ },
    },
  },
  {
    broken: 'key file is missing',
    isQuick: true,
    play: async (pair) => {
      rmSync(pair.path('data/keys/agent.json'))
      return RUN
    },
    expected: {
      exitCode: 11,
      cause: { en: /AGENT_KEY_LOST/, zh: /AGENT_KEY_LOST/ },
      cure: { en: /→ .*(back|join)/, zh: /→ .*加入/ },
    },
  },
  {
    broken: 'data folder moved away',
    isQuick: true,
    play: async (pair) => {
      renameSync(pair.path('data'), pair.path('data-moved'))
      return RUN
    },
    expected: {
      exitCode: 1,
      cause: { en: /DATA_FOLDER_CHANGED[^]*does not exist/, zh: /DATA_FOLDER_CHANGED[^]*不存在/ },
      cure: { en: /→ .*dataFolder/, zh: /→ .*dataFolder/ },
    },
  },
  {
    broken: 'two agents on one folder',
    play: async (pair) => {
      await pair.startAgent()
      return RUN
    },
    expected: {
      exitCode: 1,
      cause: { en: /ALREADY_RUNNING/, zh: /ALREADY_RUNNING/ },
      cure: { en: /→ .*stop the service first/, zh: /→ .*先停止服务/ },
    },
  },
  {
    broken: 'a cloned PC: one identity on two machines',
    isLong: true,
    // Each side is asked every five minutes.
    withinMs: 1_500_000,
    play: async (pair) => {
      await pair.startBoth()
      const clone = pair.use(await Pair.clone(pair, pair.path('clone')))
      await clone.startAgent()
      await clone.sendStudy(1)
      await pair.sendStudy(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /another machine .*identity/, zh: /另一台电脑.*身份/ },
      cure: { en: /ferry join CODE/, zh: /ferry join/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: 'one spool file deleted and one damaged while the center is down',
    play: async (pair) => {
      await pair.startAgent()
      await pair.sendStudy(3, 'CT1', LARGE_BYTES)
      await pair.stop('agent')
      const [gone = '', damaged = ''] = spoolFiles(pair)
      rmSync(gone)
      truncateSync(damaged, statSync(damaged).size - 500)
      await pair.startBoth()
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: {
        en: /(?=[^]*file of an accepted instance is gone)(?=[^]*has changed since it was written)/,
        zh: /(?=[^]*已收下影像的文件不见了)(?=[^]*与写入时不同)/,
      },
      cure: { en: /to do .*send the study again/, zh: /处理办法 .*从设备重发/ },
      never: /all accepted images are (there|safe)|已收下的影像都在|All is well|一切正常/i,
    },
  },
  {
    broken: 'disk nearly full',
    needs: ['root'],
    play: async (pair) => {
      cpSync(pair.path('data'), pair.path('data-copy'), { recursive: true })
      mountSmallDisk(pair, pair.path('data'), '100m')
      cpSync(pair.path('data-copy'), pair.path('data'), { recursive: true })
      await pair.startBoth()
      spawnSync('fallocate', ['-l', '60m', pair.path('data', 'files-of-others')])
      await pair.sendStudy(1).catch(() => {})
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /Disk (nearly )?full: /, zh: /磁盘(已满|快满了)：/ },
      cure: { en: /to do .*other files on the disk/, zh: /处理办法 .*其他文件/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: 'kill -9 in the middle of a study',
    isWell: true,
    play: async (pair) => {
      await pair.startBoth()
      const sending = pair.sendStudy(200, 'CT1', 100_000).catch(() => {})
      await pair.untilQueued(20)
      await pair.stop('agent', 'SIGKILL')
      await sending
      await pair.startAgent()
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: { en: /All is well/, zh: /一切正常/ },
      cure: {
        en: /0 queued, 0 sending, 0 at the center without a receipt, 0 held/,
        zh: /排队中 0，上传中 0，已到中心待签收 0，搁置 0/,
      },
    },
    also: async (pair) => {
      const { deliveries } = await pair.json('ferry', 'status')
      const { confirmed = 0 } = deliveries as Record<string, number>
      // The newest of the 20 files may be one that was not accepted yet.
      return confirmed >= 19 ? undefined : `only ${confirmed} instances are confirmed`
    },
  },
]

const CONFIG_CHECK: Question = { program: 'ferry', args: ['config', 'check'] }

const typo = (broken: string, before: string, after: string, cause: RegExp, cure: RegExp): BrokenThing => ({
  broken: `ferry.yaml: ${broken}`,
  isQuick: true,
  play: async (pair) => {
    pair.edit('ferry.yaml', { [before]: after })
    return CONFIG_CHECK
  },
  expected: { exitCode: 78, cause: { en: cause, zh: cause }, cure: { en: cure, zh: cure } },
})

/** Mistakes in the configuration file. */
export const CONFIG_ROWS: readonly BrokenThing[] = [
  typo('a misspelt setting', 'quiet: 1s', 'quite: 1s', /ferry\.yaml:\d+:\d+.*quite/, /quiet/),
  typo(
    'a unit that does not exist',
    'reserve: 64MiB',
    'reserve: 64MBit',
    /ferry\.yaml:\d+:\d+.*64MBit/,
    /16MiB/,
  ),
  typo('a word that is not a choice', 'unknownDevices: reject', 'unknownDevices: rejct', /rejct/, /reject/),
  {
    ...typo('a setting twice', 'quiet: 1s', 'quiet: 1s\n  quiet: 2s', /ferry\.yaml:\d+:\d+.*quiet/, /quiet/),
  },
]
