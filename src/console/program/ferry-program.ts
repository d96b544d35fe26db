import type { Command } from 'commander'
import type { AgentSettings } from '../../config/agent-settings.ts'
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
  quarantine: async () => (await import('../commands/quarantine.ts')).addQuarantine,
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
}

/** `ferry`: what clinic IT and ops staff type. Has all commands that the arguments may mean; without any, all there are. */
export async function ferryProgram(session: Session, args: readonly string[]): Promise<Command> {
  const program = newProgram(session, 'ferry', 'about.ferry', AGENT_FILE)
  const named = Object.entries(COMMANDS).filter(([name]) => args.includes(name))
  const areAllNeeded = named.length === 0 || args.includes('completion')
  const wanted = areAllNeeded ? Object.entries(COMMANDS) : named
  for (const add of await Promise.all(wanted.map(([, load]) => load()))) add(program, session)
  return program
}
