import type { Command } from 'commander'
import type { AgentSettings } from '../../config/agent-settings.ts'
import { configOption } from '../commands/options.ts'
import { AGENT_FILE, agentSettings } from '../session/config-file.ts'
import type { Session } from '../session/session.ts'
import { newProgram } from './new-program.ts'

type Add = (program: Command, session: Session) => void

/** In the order of the help. Loaded on demand: `ferry status` does not have to wait for all the others. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  setup: async () => (await import('../commands/setup.ts')).addSetup,
  open: async () => (await import('../commands/open.ts')).addOpen,
  init: async () => (await import('../commands/init.ts')).addInit,
  join: async () => (await import('../commands/join.ts')).addJoin,
  run: async () => (await import('../commands/run.ts')).addRun,
  service: async () => {
    const { addService } = await import('./service-command.ts')
    return (program, session) => addService(program, session, { name: 'Ferry', build: ferryProgram })
  },
  status: async () => (await import('../commands/status.ts')).addStatus,
  devices: async () => (await import('../commands/devices.ts')).addDevices,
  doctor: async () => (await import('../commands/doctor.ts')).addDoctor,
  queue: async () => (await import('../commands/queue.ts')).addQueue,
  history: async () => (await import('../commands/history/history.ts')).addHistory,
  quarantine: async () => (await import('../commands/quarantine.ts')).addQuarantine,
  spool: async () => (await import('../commands/spool/spool.ts')).addSpool,
  orders: async () => (await import('../commands/orders.ts')).addOrders,
  folders: async () => (await import('../commands/folders.ts')).addFolders,
  assign: async () => (await import('../commands/assign.ts')).addAssign,
  commitments: async () => (await import('../commands/commitments.ts')).addCommitments,
  steps: async () => (await import('../commands/steps.ts')).addSteps,
  study: async () => (await import('../commands/study.ts')).addStudy,
  retry: async () => (await import('../commands/retry.ts')).addRetry,
  echo: async () => (await import('../commands/echo.ts')).addEcho,
  send: async () => (await import('../commands/send.ts')).addSend,
  import: async () => (await import('../commands/import.ts')).addImport,
  'support-bundle': async () => (await import('../commands/support-bundle.ts')).addSupportBundle,
  logs: async () => {
    const { addLogs } = await import('../commands/logs.ts')
    return (program, session) =>
      addLogs(program, session, {
        program: 'ferry',
        settings: (config) => agentSettings(session, config).log,
      })
  },
  audit: async () => {
    const [{ addAudit }, { agentAudit }] = await Promise.all([
      import('../audit/add-audit.ts'),
      import('../session/agent-audit.ts'),
    ])
    return (program, session) =>
      addAudit(program, session, () =>
        agentAudit(agentSettings(session, configOption(program)).dataFolder, session.clock),
      )
  },
  deid: async () => (await import('../commands/deid/deid.ts')).addDeid,
  config: async () => {
    const [{ addConfig }, { AGENT_SETTINGS, checkAgentSettings }] = await Promise.all([
      import('../commands/config.ts'),
      import('../../config/agent-settings.ts'),
    ])
    const config = {
      file: AGENT_FILE,
      kind: AGENT_SETTINGS,
      check: checkAgentSettings,
      notes: ({ displayNames }: AgentSettings) =>
        displayNames === 'local-key' ? (['names.localKey'] as const) : [],
    }
    return (program, session) => addConfig(program, session, config)
  },
  completion: async () => (await import('../commands/completion.ts')).addCompletion,
  help: async () => (await import('../usage/add-help.ts')).addHelp,
  version: async () => (await import('../usage/add-version.ts')).addVersion,
}

/** These speak of all the others. */
const OF_ALL: ReadonlySet<string> = new Set(['completion', 'help'])

/** `ferry`: what clinic IT and ops staff type. Has the command of the arguments alone if they name one, otherwise all. */
export async function ferryProgram(session: Session, args: readonly string[]): Promise<Command> {
  const program = newProgram(session, 'ferry', 'about.ferry', AGENT_FILE)
  const word = firstWord(args) ?? ''
  const isEnough = Object.hasOwn(COMMANDS, word) && !OF_ALL.has(word)
  const wanted = Object.entries(COMMANDS).filter(([name]) => !isEnough || name === word)
  for (const add of await Promise.all(wanted.map(([, load]) => load()))) add(program, session)
  return program
}

/** Returns the first argument that is not an option of the program or its value; undefined if its help is asked for. */
function firstWord(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg, i) => !arg.startsWith('-') && !TAKES_VALUE.has(args[i - 1] ?? ''))
  const before = args.slice(0, Math.max(at, 0))
  return before.some((arg) => arg === '-h' || arg === '--help') ? undefined : args[at]
}

const TAKES_VALUE: ReadonlySet<string> = new Set(['--config', '--lang'])
